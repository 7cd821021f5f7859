import { Injectable } from '@nestjs/common';
import { Timers, type Tx } from '#database';
import { due, dueAt } from '../core/lease.js';
import { LeaseStore } from '../io/lease.store.js';
import { OfferStore } from '../io/offer.store.js';
import { ApplyChanges, leaseTimer } from './apply-changes.js';

/** It is time for these leases: offers lapse, unrecorded mints are taken back, active leases end. */
@Injectable()
export class WatchClock {
  constructor(
    private readonly leases: LeaseStore,
    private readonly clock: OfferStore,
    private readonly changes: ApplyChanges,
    private readonly timers: Timers,
  ) {}

  async handle(leaseIds: string[], tx: Tx): Promise<void> {
    const leases = await this.leases.lock(tx, leaseIds);
    const now = await this.clock.now(tx);
    const decided = leases.map((lease) => ({ lease, change: due(lease, now) }));
    await this.changes.apply(
      tx,
      decided.map(({ change }) => change),
    );
    // The row was moved to a later time after its timer had been taken: it must not be forgotten.
    const early = decided.flatMap(({ lease, change }) => {
      const at = dueAt(lease);
      return change === undefined && at !== null ? [{ kind: leaseTimer, ref: lease.leaseId, dueAt: at }] : [];
    });
    await this.timers.set(tx, early);
  }
}
