import { Injectable } from '@nestjs/common';
import type { ReplayWhy } from '#contracts';
import type { Tx } from '#database';
import { Outbox } from '#messaging';
import { Log } from '#platform';
import { endReplayed, type Lease } from '../core/lease.js';
import { DeliveryStore } from '../io/delivery.store.js';
import { LeaseStore } from '../io/lease.store.js';
import { ApplyChanges } from './apply-changes.js';
import { LeaseWords } from './lease-words.js';
import { Transact } from './transact.js';

export interface Replayed {
  why: ReplayWhy;
  /** Of the key that came. */
  jkt: string;
}

/** The tables behind an alarm. */
@Injectable()
export class ReplayTables {
  constructor(
    readonly leases: LeaseStore,
    readonly deliveries: DeliveryStore,
    private readonly outbox: Outbox,
    private readonly words: LeaseWords,
  ) {}

  /** Said under a version of its own, or it would look like something that was heard before. */
  async say(tx: Tx, lease: Lease, replayed: Replayed & { ends: boolean; at: Date }): Promise<void> {
    const version = replayed.ends ? lease.version : await this.leases.advance(tx, lease);
    await this.outbox.say(tx, [this.words.replayed({ ...lease, version }, replayed)]);
  }
}

/**
 * A second redeem that fetches no lost answer. Each is counted; the first of each kind is said to everybody, so that neither a
 * flood of them nor an earlier, harmless one hides anything; and it ends the lease where its profile says so.
 */
@Injectable()
export class AlarmReplay {
  constructor(
    private readonly tables: ReplayTables,
    private readonly changes: ApplyChanges,
    private readonly transact: Transact,
    private readonly log: Log,
  ) {}

  async handle({ leaseId, actionId }: Lease, replayed: Replayed): Promise<void> {
    const isFirst = await this.transact.run((tx) => this.count(tx, leaseId, replayed));
    if (!isFirst) return;
    const { why, jkt } = replayed;
    this.log.error('lease.replayed', { lease_id: leaseId, action_id: actionId, why, ref: jkt });
  }

  /** True for the first of its kind. */
  private async count(tx: Tx, leaseId: string, replayed: Replayed): Promise<boolean> {
    const [held] = await this.tables.leases.lock(tx, [leaseId]);
    if (held === undefined) throw new TypeError('a lease that was taken has a row');
    const { isFirst, endOnReplay, at } = await this.tables.deliveries.count(tx, leaseId, replayed.why);
    const [ended] = await this.changes.apply(tx, [endOnReplay ? endReplayed(held) : undefined]);
    const ends = ended !== undefined;
    if (isFirst) await this.tables.say(tx, ended?.lease ?? held, { ...replayed, ends, at });
    return isFirst;
  }
}
