import { Injectable } from '@nestjs/common';
import type { DataOf, leaseEnded, leaseReleased } from '#contracts';
import type { Tx } from '#database';
import type { Incoming, SliceHandler } from '#messaging';
import { AccountStore } from '../io/account.store.js';
import { SettleReservations } from './settle-reservations.js';

type Released = typeof leaseReleased | typeof leaseEnded;

/** A credential came into being: what was reserved counts as spent, whether or not the agent used it. */
@Injectable()
export class SpendReservations implements SliceHandler<Released> {
  constructor(
    private readonly accounts: AccountStore,
    private readonly settle: SettleReservations,
  ) {}

  async handle(events: Incoming<DataOf<Released>>[], tx: Tx): Promise<void> {
    const spent = await this.settle.settled(tx, events, 'spent');
    if (spent.length > 0) await this.accounts.spend(tx, spent);
  }
}
