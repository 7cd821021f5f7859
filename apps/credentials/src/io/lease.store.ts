import { Injectable } from '@nestjs/common';
import type { LeaseState } from '#contracts';
import { Database, type Tx } from '#database';
import { finalStates, type Change, type Handle, type Lease } from '../core/lease.js';
import type { Terms } from '../core/terms.js';
import { written } from './lease-faults.js';
import { columns, leaseOf, type LeaseRow } from './lease-row.js';

/** How a redeem begins: what is fixed before the target is touched. */
export interface Intent {
  terms: Terms;
  handle: Handle;
  mintSeconds: number;
}

/**
 * The leases table. Rows are locked in the order of their ids, so that two transactions over the same leases wait for
 * each other instead of deadlocking; every change compares the version that was read.
 */
@Injectable()
export class LeaseStore {
  constructor(private readonly database: Database) {}

  /** A lease with terms; what ended before it had any is nobody's to see. */
  async find(leaseId: string): Promise<Lease | undefined> {
    const rows = await this.database.query<LeaseRow>(
      `SELECT ${columns} FROM leases WHERE lease_id = $1 AND profile IS NOT NULL`,
      [leaseId],
    );
    return rows[0] && leaseOf(rows[0]);
  }

  lock(tx: Tx, leaseIds: readonly string[]): Promise<Lease[]> {
    return this.lockBy(tx, 'lease_id = ANY ($1::uuid[])', leaseIds);
  }

  lockOfActions(tx: Tx, actionIds: readonly string[]): Promise<Lease[]> {
    return this.lockBy(tx, 'action_id = ANY ($1::uuid[])', actionIds);
  }

  /** What these agents could still get or use. */
  lockOfAgents(tx: Tx, agentIds: readonly string[]): Promise<Lease[]> {
    return this.lockBy(tx, `state IN ('offered', 'minting', 'active') AND agent_id = ANY ($1::text[])`, agentIds);
  }

  private async lockBy(tx: Tx, condition: string, ids: readonly string[]): Promise<Lease[]> {
    if (ids.length === 0) return [];
    const rows = await tx.query<LeaseRow>(
      `SELECT ${columns} FROM leases WHERE profile IS NOT NULL AND ${condition} ORDER BY lease_id FOR UPDATE`,
      [ids],
    );
    return rows.map(leaseOf);
  }

  /** Saves those changes whose lease is still as it was read; gives them back with the lease as it is now. */
  async save(tx: Tx, changes: readonly Change[]): Promise<Saved[]> {
    if (changes.length === 0) return [];
    const rows = await tx.query<LeaseRow>(
      `UPDATE leases l SET state = c.state, version = l.version + 1, code = c.code, "by" = c.by, reason = c.reason, attempts = 0,
         stuck = false, result_digest = coalesce(c.result_digest, l.result_digest), result_rows = coalesce(c.result_rows, l.result_rows),
         next_attempt_at = CASE WHEN c.state = 'ending' THEN clock_timestamp() END,
         released_at = CASE WHEN c.state = 'active' THEN clock_timestamp() ELSE l.released_at END,
         ended_at = CASE WHEN c.state = ANY ($7::text[]) THEN clock_timestamp() END
       FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $8::text[], $9::int[])
         AS c (lease_id, version, state, code, by, reason, result_digest, result_rows)
       WHERE l.lease_id = c.lease_id AND l.version = c.version
       RETURNING ${columns.replaceAll(/(^|, )/gu, '$1l.')}`,
      [
        changes.map(({ lease }) => lease.leaseId),
        changes.map(({ lease }) => lease.version),
        changes.map(({ to }) => to),
        changes.map(({ code }) => code),
        changes.map(({ by }) => by),
        changes.map(({ reason }) => reason),
        [...finalStates] satisfies LeaseState[],
        changes.map(({ executed }) => executed?.digest ?? null),
        changes.map(({ executed }) => executed?.rowCount ?? null),
      ],
    );
    written(tx);
    const saved = new Map(rows.map((row) => [row.lease_id, leaseOf(row)]));
    return changes.flatMap((change) => {
      const lease = saved.get(change.lease.leaseId);
      return lease === undefined ? [] : [{ change, lease }];
    });
  }

  /** The next version, for something that is said of a lease while nothing of it changes. Its row is locked. */
  async advance(tx: Tx, { leaseId }: Lease): Promise<number> {
    const [row] = await tx.query<{ version: number }>(
      'UPDATE leases SET version = version + 1 WHERE lease_id = $1 RETURNING version',
      [leaseId],
    );
    if (row === undefined) throw new TypeError('a locked lease has a row');
    return row.version;
  }

  /** offered → minting, by the database's clock. Throws what `isPulled` knows where the kill switch is pulled; undefined when the offer was over or taken. */
  async intend(tx: Tx, { lease }: Change, { terms, handle, mintSeconds }: Intent): Promise<Lease | undefined> {
    const rows = await tx.query<LeaseRow>(
      `UPDATE leases SET state = 'minting', version = version + 1, profile_version = $3, issuer = $4, target = $5,
         ttl_seconds = $6::int, uses_left = $7, handle = $8::jsonb,
         mint_by = clock_timestamp() + make_interval(secs => $9),
         expires_at = clock_timestamp() + make_interval(secs => $6::int)
       WHERE lease_id = $1 AND version = $2 AND state = 'offered' AND offer_expires_at > clock_timestamp()
       RETURNING ${columns}`,
      [
        lease.leaseId,
        lease.version,
        terms.profileVersion,
        terms.issuer,
        terms.target,
        terms.ttlSeconds,
        terms.uses,
        JSON.stringify(handle),
        mintSeconds,
      ],
    );
    written(tx);
    return rows[0] && leaseOf(rows[0]);
  }

  /** One use of an active token: what was left before is spent exactly once, by the database's clock. Throws as `intend` does. */
  async spend(leaseId: string): Promise<Lease | undefined> {
    const rows = await this.database.query<LeaseRow>(
      `UPDATE leases SET uses_left = uses_left - 1
       WHERE lease_id = $1 AND state = 'active' AND uses_left > 0 AND expires_at > clock_timestamp()
       RETURNING ${columns}`,
      [leaseId],
    );
    return rows[0] && leaseOf(rows[0]);
  }
}

/** A change that is in the table, and the lease after it. */
export interface Saved {
  change: Change;
  lease: Lease;
}
