import { Injectable } from '@nestjs/common';
import type { Known } from '#contracts';
import type { Tx } from '#database';

type Freezable = Known<'agents'> | Known<'action-types'>;

/** Versions of registry entries that open views are rendered from; each is kept once, however many actions use it. */
@Injectable()
export class FrozenEntryStore {
  async keep(tx: Tx, entries: Freezable[]): Promise<void> {
    const distinct = new Map(entries.map((entry) => [`${entry.kind}:${entry.id}:${String(entry.version)}`, entry]));
    // Sorted, so that two slices that keep the same entries wait for each other and never for ever.
    const sorted = [...distinct.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
    if (sorted.length === 0) return;
    await tx.query(
      `INSERT INTO frozen_entry (kind, id, version, entry)
       SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[]) AS g (kind, id, version, entry)
       WHERE NOT EXISTS (SELECT FROM frozen_entry f WHERE (f.kind, f.id, f.version) = (g.kind, g.id, g.version))
       ON CONFLICT DO NOTHING`,
      [
        sorted.map((entry) => entry.kind),
        sorted.map((entry) => entry.id),
        sorted.map((entry) => entry.version),
        sorted.map((entry) => JSON.stringify(entry)),
      ],
    );
  }
}
