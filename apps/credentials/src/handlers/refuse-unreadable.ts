import { Injectable } from '@nestjs/common';
import { uuidv7 } from '#contracts';
import type { Tx } from '#database';
import type { Unreadable } from '#messaging';
import { refuse } from '../core/lease.js';
import { LeaseStore } from '../io/lease.store.js';
import { ApplyChanges } from './apply-changes.js';

/** A record about an action cannot be read: what is on offer for it is refused. What was released is not ended by a broken record. */
@Injectable()
export class RefuseUnreadable {
  constructor(
    private readonly leases: LeaseStore,
    private readonly changes: ApplyChanges,
  ) {}

  async handle(records: Unreadable[], tx: Tx): Promise<void> {
    const actions = new Set(records.map(({ key }) => key).filter((key) => uuidv7.safeParse(key).success));
    const leases = await this.leases.lockOfActions(tx, [...actions]);
    await this.changes.apply(
      tx,
      leases.map((lease) => refuse(lease, 'evidence_invalid')),
    );
  }
}
