import { Injectable } from '@nestjs/common';
import type { approvalCancelRequested, DataOf } from '#contracts';
import type { Tx } from '#database';
import type { Incoming } from '#messaging';
import { stop } from '../core/lease.js';
import { LeaseStore } from '../io/lease.store.js';
import { ApplyChanges } from './apply-changes.js';

/**
 * Somebody asked to end an action, and the ask has followed it to here. It ends what it finds: an offer at once, a
 * credential at its target. It never arrives before the action, so an action without a lease is over already.
 */
@Injectable()
export class EndOnAsk {
  constructor(
    private readonly leases: LeaseStore,
    private readonly changes: ApplyChanges,
  ) {}

  async handle(events: Incoming<DataOf<typeof approvalCancelRequested>>[], tx: Tx): Promise<void> {
    const asks = new Map(events.map(({ data }) => [data.action_id, data]));
    const leases = await this.leases.lockOfActions(tx, [...asks.keys()]);
    await this.changes.apply(
      tx,
      leases.map((lease) => {
        const ask = asks.get(lease.actionId);
        return ask && stop(lease, { code: ask.code, by: ask.by });
      }),
    );
  }
}
