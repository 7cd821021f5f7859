import { Injectable } from '@nestjs/common';
import type { approvalCancelled, DataOf, leaseCancelled } from '#contracts';
import type { Tx } from '#database';
import type { Incoming, SliceHandler } from '#messaging';
import { AccountStore } from '../io/account.store.js';
import { SettleReservations } from './settle-reservations.js';

/** All ends of an approval have one shape, and so have those of a lease that was not released. */
type EndBeforeRelease = typeof approvalCancelled | typeof leaseCancelled;

/** The action ended before anything was released: its money is free again. */
@Injectable()
export class FreeReservations implements SliceHandler<EndBeforeRelease> {
  constructor(
    private readonly accounts: AccountStore,
    private readonly settle: SettleReservations,
  ) {}

  async handle(events: Incoming<DataOf<EndBeforeRelease>>[], tx: Tx): Promise<void> {
    const freed = await this.settle.settled(tx, events, 'free');
    if (freed.length > 0) await this.accounts.free(tx, freed);
  }
}
