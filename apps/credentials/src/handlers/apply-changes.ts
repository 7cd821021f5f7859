import { Injectable } from '@nestjs/common';
import { Timers, type Tx } from '#database';
import { Outbox } from '#messaging';
import { dueAt, type Change } from '../core/lease.js';
import { LeaseStore, type Saved } from '../io/lease.store.js';
import { LeaseWords } from './lease-words.js';
import { EndingBell } from './ending-bell.js';

/** The timer that says when a lease must be looked at next: one per lease, whatever its state. */
export const leaseTimer = 'lease';

/** Saves changes of leases, says what there is to say about them, and sets their timers: all in one transaction, or nothing. */
@Injectable()
export class ApplyChanges {
  constructor(
    private readonly leases: LeaseStore,
    private readonly words: LeaseWords,
    private readonly outbox: Outbox,
    private readonly timers: Timers,
    private readonly bell: EndingBell,
  ) {}

  /** Answers the changes that took place. A lease that changed since it was read is left alone. */
  async apply(tx: Tx, changes: readonly (Change | undefined)[]): Promise<Saved[]> {
    const saved = await this.leases.save(
      tx,
      changes.filter((change) => change !== undefined),
    );
    await this.outbox.say(tx, this.words.about(saved));
    await this.wind(tx, saved);
    if (saved.some(({ lease }) => lease.state === 'ending')) {
      tx.afterCommit(() => {
        this.bell.ring();
      });
    }
    return saved;
  }

  private async wind(tx: Tx, saved: readonly Saved[]): Promise<void> {
    const timed = saved.map(({ lease }) => ({ ref: lease.leaseId, dueAt: dueAt(lease) }));
    const over = timed.filter((timer) => timer.dueAt === null).map(({ ref }) => ref);
    const running = timed.flatMap(({ ref, dueAt: at }) => (at === null ? [] : [{ kind: leaseTimer, ref, dueAt: at }]));
    await this.timers.clear(tx, leaseTimer, over);
    await this.timers.set(tx, running);
  }
}
