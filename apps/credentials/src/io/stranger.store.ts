import { Injectable } from '@nestjs/common';
import { Database } from '#database';
import type { Found } from '../core/stranger.js';

const columns =
  'target, lease_id, is_over, found_at, closed_at, confirmed_by, confirmed_reason, confirmed_at, dropped_at';

interface StrangerRow {
  target: string;
  lease_id: string;
  is_over: boolean;
  found_at: Date;
  closed_at: Date | null;
  confirmed_by: string | null;
  confirmed_reason: string | null;
  confirmed_at: Date | null;
  dropped_at: Date | null;
}

/** Strangers at targets, one row each; what was dropped and came back is met anew. */
@Injectable()
export class StrangerStore {
  constructor(private readonly database: Database) {}

  /** Answers how it is known, and whether it is met for the first time. */
  async meet(target: string, leaseId: string, isOver: boolean): Promise<{ found: Found; isNew: boolean }> {
    const met = await this.database.query<StrangerRow>(
      `INSERT INTO strangers AS s (target, lease_id, is_over) VALUES ($1, $2, $3)
       ON CONFLICT (target, lease_id) DO UPDATE SET is_over = excluded.is_over, found_at = excluded.found_at,
         closed_at = NULL, confirmed_by = NULL, confirmed_reason = NULL, confirmed_at = NULL, dropped_at = NULL
       WHERE s.dropped_at IS NOT NULL RETURNING ${columns}`,
      [target, leaseId, isOver],
    );
    const [row] = met.length > 0 ? met : await this.#read(target, leaseId);
    if (row === undefined) throw new TypeError('a stranger that was met has a row');
    return { found: foundOf(row), isNew: met.length > 0 };
  }

  async closed({ target, leaseId }: Found): Promise<void> {
    await this.database.query(
      `UPDATE strangers SET closed_at = coalesce(closed_at, clock_timestamp()) WHERE target = $1 AND lease_id = $2`,
      [target, leaseId],
    );
  }

  async dropped({ target, leaseId }: Found): Promise<void> {
    await this.database.query(
      `UPDATE strangers SET closed_at = coalesce(closed_at, clock_timestamp()), dropped_at = clock_timestamp()
       WHERE target = $1 AND lease_id = $2 AND dropped_at IS NULL`,
      [target, leaseId],
    );
  }

  /** The first person who says so is kept. Undefined when there is none that stands there. */
  async confirm(target: string, leaseId: string, { by, reason }: { by: string; reason: string }): Promise<Found | undefined> {
    const rows = await this.database.query<StrangerRow>(
      `UPDATE strangers SET confirmed_by = coalesce(confirmed_by, $3), confirmed_reason = coalesce(confirmed_reason, $4),
         confirmed_at = coalesce(confirmed_at, clock_timestamp())
       WHERE target = $1 AND lease_id = $2 AND dropped_at IS NULL RETURNING ${columns}`,
      [target, leaseId, by, reason],
    );
    return rows[0] && foundOf(rows[0]);
  } // prettier-ignore

  async list(): Promise<Found[]> {
    const rows = await this.database.query<StrangerRow>(
      `SELECT ${columns} FROM strangers WHERE dropped_at IS NULL OR dropped_at > clock_timestamp() - interval '30 days'
       ORDER BY found_at DESC, target, lease_id LIMIT 500`,
    );
    return rows.map(foundOf);
  }

  async find(target: string, leaseId: string): Promise<Found | undefined> {
    const [row] = await this.#read(target, leaseId);
    return row && foundOf(row);
  }

  #read(target: string, leaseId: string): Promise<StrangerRow[]> {
    return this.database.query<StrangerRow>(`SELECT ${columns} FROM strangers WHERE target = $1 AND lease_id = $2`, [
      target,
      leaseId,
    ]);
  }
}

function foundOf(row: StrangerRow): Found {
  const { confirmed_by: by, confirmed_reason: reason, confirmed_at: at } = row;
  return {
    target: row.target,
    leaseId: row.lease_id,
    isOver: row.is_over,
    foundAt: row.found_at,
    closedAt: row.closed_at,
    confirmed: by === null || reason === null || at === null ? null : { by, reason, at },
    droppedAt: row.dropped_at,
  };
}
