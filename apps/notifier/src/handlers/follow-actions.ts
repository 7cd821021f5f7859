import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import { ActionStore, type Learned, type Saved } from '../io/action.store.js';
import { Waiters } from '../io/waiters.js';

/** Keeps what is known of actions, and wakes whoever waits for a change once it is committed. */
@Injectable()
export class FollowActions {
  constructor(
    private readonly actions: ActionStore,
    private readonly waiters: Waiters,
  ) {}

  async handle(tx: Tx, learned: readonly Learned[]): Promise<Saved[]> {
    const saved = await this.actions.learn(tx, learned);
    tx.afterCommit(() => {
      for (const { actionId } of saved) this.waiters.changed(actionId);
    });
    return saved;
  }
}
