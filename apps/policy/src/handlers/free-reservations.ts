import { Injectable } from '@nestjs/common';
import type { approvalCancelled, DataOf, leaseCancelled } from '#contracts';
import type { Tx } from '#database';
import type { Incoming, SliceHandler } from '#messaging';
import { AccountStore } from '../io/account.store.js';
import { Evidence } from '../io/evidence.js';

/** All ends of an approval have one shape, and so have those of a lease that was not released. */
type EndBeforeRelease = typeof approvalCancelled | typeof leaseCancelled;

/** The action ended before anything was released: its money is free again. Only its holder's signature frees it: an end that anybody could write would lift the limits. */
@Injectable()
export class FreeReservations implements SliceHandler<EndBeforeRelease> {
  constructor(
    private readonly accounts: AccountStore,
    private readonly evidence: Evidence,
  ) {}

  async handle(events: Incoming<DataOf<EndBeforeRelease>>[], tx: Tx): Promise<void> {
    const genuine = events.filter(({ subject, data }) => this.evidence.isEndOf(subject, data));
    await this.accounts.free(
      tx,
      genuine.map(({ subject }) => subject),
    );
  }
}
