import { Injectable } from '@nestjs/common';
import { topics, uuidv7 } from '#contracts';
import type { Tx } from '#database';
import type { Unreadable, UnreadableHandler } from '#messaging';
import { unreadable } from '../core/endings.js';
import { ApprovalStore } from '../io/approval.store.js';
import { EndApprovals } from './end-approvals.js';

/** policy said something about a held action that nobody can read: it ends as denied, visibly, and is never guessed at. */
@Injectable()
export class EndUnreadable implements UnreadableHandler {
  constructor(
    private readonly approvals: ApprovalStore,
    private readonly ends: EndApprovals,
  ) {}

  async handle(records: Unreadable[], tx: Tx): Promise<void> {
    const keys = records.filter(({ key, topic }) => topic === topics.decisions && uuidv7.safeParse(key).success);
    const ids = [...new Set(keys.map(({ key }) => key))];
    if (ids.length === 0) return;
    const held = await this.approvals.lock(tx, ids);
    const ends = held.flatMap((one) => {
      const ending = unreadable(one);
      return ending === undefined ? [] : [{ held: one, ending }];
    });
    await this.ends.end(ends, tx);
  }
}
