import { Injectable } from '@nestjs/common';
import { Database } from '#database';
import type { Issuing, Lease } from '../core/lease.js';
import { columns, leaseOf, type LeaseRow } from './lease-row.js';

/**
 * Whoever has claimed a lease has this long to end it, in seconds; after that its process is taken for dead. Where it was only
 * slow, two end it at once, which does no harm: removing can be repeated at will, and one of them says it.
 */
const claimSeconds = 30;

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

  /** Of these leases, those that this service knows, and whether they may have something at their target. */
  async known(leaseIds: readonly string[]): Promise<Map<string, { isRunning: boolean }>> {
    const rows = await this.database.query<{ lease_id: string; running: boolean }>(
      `SELECT lease_id, state IN ('minting', 'active', 'ending') AS running FROM leases WHERE lease_id = ANY ($1::uuid[])`,
      [leaseIds],
    );
    return new Map(rows.map(({ lease_id, running }) => [lease_id, { isRunning: running }]));
  }
}
