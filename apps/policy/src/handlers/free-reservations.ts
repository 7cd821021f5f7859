import { Injectable } from '@nestjs/common';
import type {
  approvalCancelled, approvalDenied, approvalExpired, leaseCancelled, leaseLapsed, leaseRefused,
} from '#contracts'; // prettier-ignore
import type { Tx } from '#database';
import type { SliceHandler } from '#messaging';
import { AccountStore } from '../io/account.store.js';

type EndBeforeRelease =
  | typeof approvalCancelled
  | typeof approvalDenied
  | typeof approvalExpired
  | typeof leaseCancelled
  | typeof leaseLapsed
  | typeof leaseRefused;

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
