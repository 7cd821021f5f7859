import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Database } from '#database';
import { backoff, Log } from '#platform';
import { gone, type Executed, type Lease } from '../core/lease.js';
import { EndingStore } from '../io/ending.store.js';
import { isBrokering, Issuers } from '../io/issuers/issuers.js';
import { LeaseStore } from '../io/lease.store.js';
import { ApplyChanges } from './apply-changes.js';
import { Pace } from './pace.js';

/** In milliseconds; it doubles up to what the operator decided. There is no last attempt. */
const firstWaitMs = 1_000;

/** From this failure on somebody should look: the credential is disabled or out of date by then, but not gone. */
const stuckFrom = 3;

/** The tables behind the ending of leases. */
@Injectable()
export class EndingTables {
  constructor(
    private readonly database: Database,
    private readonly leases: LeaseStore,
    private readonly changes: ApplyChanges,
    readonly rhythm: EndingStore,
  ) {}

  /** The target has confirmed: they are over, and the agents hear of it. */
  async close(leaseIds: readonly string[], executed: Map<string, Executed>): Promise<void> {
    if (leaseIds.length === 0) return;
    await this.database.transaction(async (tx) => {
      const leases = await this.leases.lock(tx, leaseIds);
      await this.changes.apply(
        tx,
        leases.map((lease) => gone(lease, executed.get(lease.leaseId))),
      );
    });
  }
}

/**
 * Ends leases at their targets: removes, waits for what may come late, asks the target, closes. What fails is tried
 * again for ever. Nothing of this happens inside a transaction: a target may take as long as it likes.
 */
@Injectable()
export class EndLeases {
  constructor(
    private readonly tables: EndingTables,
    private readonly issuers: Issuers,
    private readonly pace: Pace,
    private readonly log: Log,
  ) {}

  /** Answers those that were removed; the others are postponed. */
  async remove(leases: readonly Lease[]): Promise<Lease[]> {
    const removed = await Promise.all(leases.map(async (lease) => ((await this.tryRemove(lease)) ? [lease] : [])));
    return removed.flat();
  }

  private async tryRemove(lease: Lease): Promise<boolean> {
    try {
      // What was never minted has no handle, and nothing stands anywhere.
      if (lease.handle !== null) await this.issuers.of(lease.handle.issuer).remove(lease);
      return true;
    } catch (error) {
      await this.postpone(lease, error);
      return false;
    }
  }

  /** Waits for what may come late, asks the target once more, and closes those of which nothing is left. One issuer at a time. */
  async settle(leases: readonly Lease[]): Promise<void> {
    const [first] = leases;
    if (first === undefined) return;
    await pause(this.issuers.of(first.issuer).settleMs);
    const left = await this.askTarget(first, leases);
    await this.tables.close([...left.gone], left.executed);
    const remaining = leases.filter(({ leaseId }) => !left.gone.has(leaseId));
    await Promise.all(remaining.map((lease) => this.postpone(lease, left.error)));
  }

  private async askTarget(
    { issuer }: Lease,
    leases: readonly Lease[],
  ): Promise<{ gone: Set<string>; executed: Map<string, Executed>; error?: unknown }> {
    const of = this.issuers.of(issuer);
    try {
      const gone = await of.gone(leases);
      // In this order: only of what is gone is it known for good whether it ran.
      const unrecorded = leases.filter(({ leaseId, releasedAt }) => releasedAt === null && gone.has(leaseId));
      const executed = isBrokering(of) ? await of.executed(unrecorded) : new Map<string, Executed>();
      return { gone, executed };
    } catch (error) {
      return { gone: new Set(), executed: new Map(), error };
    }
  }

  private async postpone(lease: Lease, error: unknown): Promise<void> {
    const stuck = lease.attempts >= stuckFrom;
    const waitMs = backoff(lease.attempts, { firstMs: firstWaitMs, longestMs: this.pace.endingSeconds * 1_000 });
    const { leaseId, actionId, target, attempts } = lease;
    const fields = { lease_id: leaseId, action_id: actionId, target, attempt: attempts, wait_ms: waitMs, error };
    if (stuck) this.log.error('lease.stuck', fields);
    else this.log.warn('lease.end_postponed', fields);
    await this.tables.rhythm.postpone(leaseId, { seconds: waitMs / 1_000, stuck });
  }
}
