import type { RegistryKind } from '#contracts';
import { Database } from '#database';
import { Injectable } from '@nestjs/common';
import { kidClaim } from '../core/kinds/agents.js';

/** The signed entries that services ask for, in the order asked; null where there is none. One statement each. */
@Injectable()
export class LookupStore {
  constructor(private readonly database: Database) {}

  /** The current version, a deletion included, or the version named. */
  async entries(
    wanted: readonly { kind: RegistryKind; id: string; version?: number | undefined }[],
  ): Promise<(string | null)[]> {
    if (wanted.length === 0) return [];
    const rows = await this.database.query<{ entry: string | null }>(
      `SELECT COALESCE(past.entry, now.entry) AS entry
         FROM unnest($1::text[], $2::text[], $3::int[]) WITH ORDINALITY AS wanted(kind, id, version, n)
         LEFT JOIN entries now ON wanted.version IS NULL AND now.kind = wanted.kind AND now.id = wanted.id
         LEFT JOIN entry_versions past
                ON past.kind = wanted.kind AND past.id = wanted.id AND past.version = wanted.version
        ORDER BY wanted.n`,
      [wanted.map(({ kind }) => kind), wanted.map(({ id }) => id), wanted.map(({ version }) => version ?? null)],
    );
    return rows.map(({ entry }) => entry);
  }

  /** The agent that holds each key now. */
  async holders(kids: readonly string[]): Promise<(string | null)[]> {
    if (kids.length === 0) return [];
    const rows = await this.database.query<{ entry: string | null }>(
      `SELECT now.entry
         FROM unnest($1::text[]) WITH ORDINALITY AS wanted(claim, n)
         LEFT JOIN claims held ON held.claim = wanted.claim
         LEFT JOIN entries now ON now.kind = held.kind AND now.id = held.id AND NOT now.deleted
        ORDER BY wanted.n`,
      [kids.map(kidClaim)],
    );
    return rows.map(({ entry }) => entry);
  }
}
