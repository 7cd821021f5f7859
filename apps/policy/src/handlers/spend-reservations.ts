import { Injectable } from '@nestjs/common';
import type { leaseEnded, leaseReleased } from '#contracts';
import type { Tx } from '#database';
import type { SliceHandler } from '#messaging';
import { AccountStore } from '../io/account.store.js';

/** A credential came into being: what was reserved counts as spent, whether or not the agent used it. */
@Injectable()
export class SpendReservations implements SliceHandler<typeof leaseReleased | typeof leaseEnded> {
  constructor(private readonly accounts: AccountStore) {}

  async handle(events: readonly { subject: string }[], tx: Tx): Promise<void> {
    await this.accounts.spend(
      tx,
      events.map(({ subject }) => subject),
    );
  }
}
