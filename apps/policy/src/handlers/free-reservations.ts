import { Injectable } from '@nestjs/common';
import type { approvalCancelled, leaseCancelled } from '#contracts';
import type { Tx } from '#database';
import type { SliceHandler } from '#messaging';
import { AccountStore } from '../io/account.store.js';

/** All ends of an approval have one shape, and so have those of a lease that was not released. */
type EndBeforeRelease = typeof approvalCancelled | typeof leaseCancelled;

/** The action ended before anything was released: its money is free again. */
@Injectable()
export class FreeReservations implements SliceHandler<EndBeforeRelease> {
  constructor(private readonly accounts: AccountStore) {}

  async handle(events: readonly { subject: string }[], tx: Tx): Promise<void> {
    await this.accounts.free(
      tx,
      events.map(({ subject }) => subject),
    );
  }
}
