import type { RegistryKind } from '#contracts';
import { Database, type Tx } from '#database';
import { Injectable } from '@nestjs/common';
import type { Current } from '../core/change.js';
import type { Reference } from '../core/kind-rule.js';

export interface StoredEntry extends Current, Reference {
  /** The entry as it was signed. */
  entry: string;
  changed_by: string;
  changed_at: Date;
}

export interface NewVersion extends StoredEntry {
  /** What no two live entries may hold; none in a deletion. */
  claims: readonly string[];
  reason: string | undefined;
}

const columns = 'kind, id, version, deleted, spec, entry, changed_by, changed_at';

/** The newest version of every entry, and the names that they hold. */
@Injectable()
export class EntriesStore {
  constructor(private readonly database: Database) {}

  /**
   * Changes happen one after the other over all instances: rules look at other entries, and what is announced must come
   * in the order in which it was decided. Answers the time of the change by the database's clock.
   */
  async lock(tx: Tx): Promise<Date> {
    await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('sallyport registry', 0))");
    const [row] = await tx.query<{ at: Date }>("SELECT date_trunc('milliseconds', clock_timestamp()) AS at");
    return row?.at ?? new Date(Number.NaN);
  }

  async load(wanted: readonly Reference[], tx?: Tx): Promise<StoredEntry[]> {
    if (wanted.length === 0) return [];
    return (tx ?? this.database).query<StoredEntry>(
      `SELECT ${columns} FROM entries
         JOIN unnest($1::text[], $2::text[]) AS wanted(kind, id) USING (kind, id)`,
      [wanted.map(({ kind }) => kind), wanted.map(({ id }) => id)],
    );
  }

  /** Live entries of a kind in the order of their ids, after `after`. */
  async list(kind: RegistryKind, { after, most }: { after: string; most: number }): Promise<StoredEntry[]> {
    return this.database.query<StoredEntry>(
      `SELECT ${columns} FROM entries WHERE kind = $1 AND id > $2 AND NOT deleted ORDER BY id LIMIT $3`,
      [kind, after, most],
    );
  }

  async isEmpty(tx: Tx): Promise<boolean> {
    const rows = await tx.query('SELECT 1 FROM entry_versions LIMIT 1');
    return rows.length === 0;
  }

  /** Active people of the group `registrars`, as this transaction sees them. Asked at each change: it looks its members up, and not through everybody. */
  async countRegistrars(tx: Tx): Promise<number> {
    const [row] = await tx.query<{ registrars: number }>(
      `SELECT count(DISTINCT p.id)::int AS registrars
         FROM entries g, jsonb_array_elements_text(g.spec -> 'members') AS member (id)
         JOIN entries p ON p.kind = 'people' AND p.id = member.id AND NOT p.deleted AND p.spec ->> 'state' = 'active'
        WHERE g.kind = 'groups' AND g.id = 'registrars' AND NOT g.deleted`,
    );
    return row?.registrars ?? 0;
  }

  /** Replaces the newest version. Answers a name that another live entry holds, if there is one: then nothing may be kept. */
  async replace(tx: Tx, next: NewVersion): Promise<string | undefined> {
    await tx.query(
      `INSERT INTO entries (${columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT (kind, id) DO UPDATE
          SET version = excluded.version, deleted = excluded.deleted, spec = excluded.spec, entry = excluded.entry,
              changed_by = excluded.changed_by, changed_at = excluded.changed_at`,
      [next.kind, next.id, next.version, next.deleted, jsonOrNull(next), next.entry, next.changed_by, next.changed_at],
    );
    await tx.query('DELETE FROM claims WHERE kind = $1 AND id = $2', [next.kind, next.id]);
    const taken = await tx.query<{ claim: string }>(
      `WITH wanted AS (SELECT unnest($3::text[]) AS claim),
            made AS (INSERT INTO claims (claim, kind, id) SELECT claim, $1, $2 FROM wanted
                     ON CONFLICT (claim) DO NOTHING RETURNING claim)
       SELECT claim FROM wanted WHERE claim NOT IN (SELECT claim FROM made)`,
      [next.kind, next.id, next.claims],
    );
    return taken[0]?.claim;
  }
}

const jsonOrNull = ({ deleted, spec }: NewVersion): string | null => (deleted ? null : JSON.stringify(spec));
