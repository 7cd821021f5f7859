import { Injectable } from '@nestjs/common';
import { Database } from '#database';
import type { Issuing, Lease } from '../core/lease.js';
import { columns, leaseOf, type LeaseRow } from './lease-row.js';

/** Whoever has claimed a lease has this long to end it, in seconds; after that its process is taken for dead. */
const claimSeconds = 120;

export interface DueTarget {
  issuer: Issuing;
  target: string;
}

/** The rhythm of ending: which lease is tried when. None of this is a change of the lease, so no version moves. */
@Injectable()
export class EndingStore {
  constructor(private readonly database: Database) {}

  /** Where something is due to be ended. */
  dueTargets(): Promise<DueTarget[]> {
    return this.database.query<DueTarget>(
      `SELECT DISTINCT issuer, target FROM leases WHERE state = 'ending' AND next_attempt_at <= clock_timestamp()`,
    );
  }

  /** Takes up to `limit` leases of one target; no other process gets them before the claim runs out. */
  async claim({ issuer, target }: DueTarget, limit: number): Promise<Lease[]> {
    const rows = await this.database.query<LeaseRow>(
      `UPDATE leases SET attempts = attempts + 1, next_attempt_at = clock_timestamp() + make_interval(secs => $3)
       WHERE lease_id = ANY (ARRAY(
         SELECT lease_id FROM leases
         WHERE state = 'ending' AND target = $1 AND issuer = $4 AND next_attempt_at <= clock_timestamp()
         ORDER BY next_attempt_at LIMIT $2 FOR UPDATE SKIP LOCKED))
       RETURNING ${columns}`,
      [target, limit, claimSeconds, issuer],
    );
    return rows.map(leaseOf);
  }

  /** It did not work this time. `seconds` from now it is tried again, for ever. */
  async postpone(leaseId: string, { seconds, stuck }: { seconds: number; stuck: boolean }): Promise<void> {
    await this.database.query(
      `UPDATE leases SET next_attempt_at = clock_timestamp() + make_interval(secs => $2), stuck = $3
       WHERE lease_id = $1 AND state = 'ending'`,
      [leaseId, seconds, stuck],
    );
  }

  /** Of these leases, those that may have something at their target. */
  async unfinished(leaseIds: readonly string[]): Promise<Set<string>> {
    const rows = await this.database.query<{ lease_id: string }>(
      `SELECT lease_id FROM leases WHERE lease_id = ANY ($1::uuid[]) AND state IN ('minting', 'active', 'ending')`,
      [leaseIds],
    );
    return new Set(rows.map(({ lease_id }) => lease_id));
  }

  /** How the stuck ones are doing, for readiness and alerts. */
  async stuckTargets(): Promise<{ target: string; count: number }[]> {
    return this.database.query<{ target: string; count: number }>(
      `SELECT target, count(*)::int AS count FROM leases WHERE state = 'ending' AND stuck GROUP BY target ORDER BY target`,
    );
  }
}
