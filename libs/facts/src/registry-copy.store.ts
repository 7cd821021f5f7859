import type { Database, Tx } from '#database';

export interface CopyRow {
  kind: string;
  id: string;
  version: number;
  /** The entry as the registry signed it; verified again whenever it is read back. */
  entry: string;
}

/** This service's own copy of signed registry entries: the newest version ever seen of each, deletions included. */
export class RegistryCopyStore {
  constructor(private readonly database: Database) {}

  async load(): Promise<CopyRow[]> {
    return this.database.query<CopyRow>('SELECT kind, id, version, entry FROM registry_copy');
  }

  /** Keeps what is newer than the table's version; an older entry changes nothing, whoever brings it. */
  async keep(tx: Tx, rows: readonly CopyRow[]): Promise<void> {
    await tx.query(
      `INSERT INTO registry_copy AS held (kind, id, version, entry)
       SELECT kind, id, version, entry
         FROM unnest($1::text[], $2::text[], $3::int[], $4::text[]) AS t(kind, id, version, entry)
        ORDER BY kind, id
       ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, entry = excluded.entry
        WHERE held.version < excluded.version`,
      [rows.map((r) => r.kind), rows.map((r) => r.id), rows.map((r) => r.version), rows.map((r) => r.entry)],
    );
  }
}
