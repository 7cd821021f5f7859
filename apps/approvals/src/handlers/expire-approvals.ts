import { Injectable } from '@nestjs/common';
import { Timers, type TimerHandler, type Tx } from '#database';
import { expire } from '../core/endings.js';
import { ApprovalStore } from '../io/approval.store.js';
import { EndApprovals, type ToEnd } from './end-approvals.js';
import { expireTimer } from './timer-kinds.js';

/** Nobody decided in time. Under the same lock as a vote: whichever comes second finds that it is too late. */
@Injectable()
export class ExpireApprovals implements TimerHandler {
  constructor(
    private readonly approvals: ApprovalStore,
    private readonly ends: EndApprovals,
    private readonly timers: Timers,
  ) {}

  async handle(actionIds: string[], tx: Tx): Promise<void> {
    const ends: ToEnd[] = [];
    const early: { kind: string; ref: string; dueAt: Date }[] = [];
    for (const held of await this.approvals.lock(tx, actionIds)) {
      const ending = expire(held);
      if (ending === 'not_yet') early.push({ kind: expireTimer, ref: held.actionId, dueAt: held.deadlineAt });
      else if (ending !== 'nothing') ends.push({ held, ending });
    }
    await this.ends.end(ends, tx);
    await this.timers.set(tx, early);
  }
}
