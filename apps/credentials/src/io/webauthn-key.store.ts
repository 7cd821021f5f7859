import { Injectable } from '@nestjs/common';
import { Database, type Tx } from '#database';
import type { Holder } from '../core/ceremony.js';

export interface WebauthnKey {
  credentialId: string;
  holder: Holder;
  /** In COSE (RFC 9052), as the authenticator gave it. */
  publicKey: Buffer;
  counter: number;
  label: string;
  enrolledBy: string;
  enrolledAt: Date;
  endedAt: Date | undefined;
}

interface Row extends Holder {
  credential_id: string;
  public_key: Buffer;
  counter: string;
  label: string;
  enrolled_by: string;
  enrolled_at: Date;
  ended_at: Date | null;
}

const columns = 'credential_id, person, iss, sub, public_key, counter, label, enrolled_by, enrolled_at, ended_at';

/** The security keys of people. Rows are never removed. */
@Injectable()
export class WebauthnKeyStore {
  constructor(private readonly database: Database) {}

  /** All that this person has, or has had. */
  async ofPerson(person: string): Promise<WebauthnKey[]> {
    const sql = `SELECT ${columns} FROM webauthn_keys WHERE person = $1 ORDER BY enrolled_at`;
    return (await this.database.query<Row>(sql, [person])).map(keyOf);
  }

  async byIds(ids: readonly string[]): Promise<Map<string, WebauthnKey>> {
    const sql = `SELECT ${columns} FROM webauthn_keys WHERE credential_id = ANY($1::text[])`;
    const rows = await this.database.query<Row>(sql, [ids]);
    return new Map(rows.map((row) => [row.credential_id, keyOf(row)]));
  }

  /** False when a key of this name is there already. */
  async add(tx: Tx, key: Omit<WebauthnKey, 'enrolledAt' | 'endedAt'>): Promise<boolean> {
    const { credentialId, publicKey, counter, label, enrolledBy, holder } = key;
    const rows = await tx.query<{ credential_id: string }>(
      `INSERT INTO webauthn_keys (credential_id, person, iss, sub, public_key, counter, label, enrolled_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (credential_id) DO NOTHING RETURNING credential_id`,
      [credentialId, holder.person, holder.iss, holder.sub, publicKey, counter, label, enrolledBy],
    );
    return rows.length === 1;
  }

  /** False when the key was ended, or was used with a higher number meanwhile: then it may have been copied. */
  async used(tx: Tx, credentialId: string, counter: number): Promise<boolean> {
    const rows = await tx.query<{ credential_id: string }>(
      `UPDATE webauthn_keys SET counter = $2
       WHERE credential_id = $1 AND ended_at IS NULL AND (counter < $2 OR (counter = 0 AND $2 = 0)) RETURNING credential_id`,
      [credentialId, counter],
    );
    return rows.length === 1;
  }

  /** False when this person has no such key. The first end counts. */
  async end(credentialId: string, person: string): Promise<boolean> {
    const rows = await this.database.query<{ credential_id: string }>(
      `UPDATE webauthn_keys SET ended_at = coalesce(ended_at, clock_timestamp())
       WHERE credential_id = $1 AND person = $2 RETURNING credential_id`,
      [credentialId, person],
    );
    return rows.length === 1;
  }
}

function keyOf({ person, iss, sub, ...row }: Row): WebauthnKey {
  return {
    credentialId: row.credential_id,
    holder: { person, iss, sub },
    publicKey: row.public_key,
    counter: Number(row.counter),
    label: row.label,
    enrolledBy: row.enrolled_by,
    enrolledAt: row.enrolled_at,
    endedAt: row.ended_at ?? undefined,
  };
}
