import { Injectable } from '@nestjs/common';
import { Database } from '#database';
import type { WrappedKey } from '#trust';

/** A sign-in that is wrapped by another KEK than the one that wraps now. Without a key it was sealed before there were data keys. */
export interface OldSignIn {
  thumbprint: string;
  sealed: Buffer;
  key: WrappedKey | undefined;
}

export interface NewKey {
  thumbprint: string;
  /** As it was when it was read: another process may have been quicker. */
  before: string | undefined;
  key: WrappedKey;
  /** Only where the text itself had to be sealed anew. */
  sealed?: Buffer;
}

/** How the sign-ins of `person_keys` are wrapped. */
@Injectable()
export class SealedSignInStore {
  constructor(private readonly database: Database) {}

  /** Those that are not under `current`, by thumbprint, behind this one. */
  async notUnder(current: string, { after, limit }: { after: string; limit: number }): Promise<OldSignIn[]> {
    const rows = await this.database.query<{ thumbprint: string; sealed: Buffer; kek_id: string | null; data_key: Buffer | null }>(
      `SELECT thumbprint, sealed, kek_id, data_key FROM person_keys
       WHERE (kek_id IS NULL OR kek_id < $1 OR kek_id > $1) AND thumbprint > $2
       ORDER BY thumbprint LIMIT $3`,
      [current, after, limit],
    ); // prettier-ignore
    return rows.map(({ thumbprint, sealed, kek_id, data_key }) => ({
      thumbprint,
      sealed,
      key: kek_id === null || data_key === null ? undefined : { kek: kek_id, wrapped: data_key },
    }));
  }

  /** Writes those that nobody else has changed meanwhile; answers how many that were. */
  async wrap(keys: readonly NewKey[]): Promise<number> {
    const rows = await this.database.query<{ thumbprint: string }>(
      `UPDATE person_keys p SET kek_id = n.kek, data_key = n.wrapped, sealed = coalesce(n.sealed, p.sealed)
       FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bytea[]) AS n (thumbprint, before, kek, wrapped, sealed)
       WHERE p.thumbprint = n.thumbprint AND p.kek_id IS NOT DISTINCT FROM n.before RETURNING p.thumbprint`,
      [
        keys.map(({ thumbprint }) => thumbprint),
        keys.map(({ before }) => before ?? null),
        keys.map(({ key }) => key.kek),
        keys.map(({ key }) => key.wrapped),
        keys.map(({ sealed }) => sealed ?? null),
      ],
    );
    return rows.length;
  }

  /** How many are under which KEK, but for the one that wraps now. */
  async countElsewhere(current: string): Promise<Map<string, number>> {
    const rows = await this.database.query<{ kek: string; count: number }>(
      `SELECT coalesce(kek_id, '') AS kek, count(*)::int AS count FROM person_keys
       WHERE kek_id IS NULL OR kek_id < $1 OR kek_id > $1 GROUP BY kek_id`,
      [current],
    );
    return new Map(rows.map(({ kek, count }) => [kek, count]));
  }
}
