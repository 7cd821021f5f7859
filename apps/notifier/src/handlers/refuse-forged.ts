import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import { DeadLetters, type Incoming } from '#messaging';
import { ActionStore } from '../io/action.store.js';

/** A forged event is counted and named by hash; it is never told, and it ends nothing. */
@Injectable()
export class RefuseForged {
  constructor(
    private readonly actions: ActionStore,
    private readonly deadLetters: DeadLetters,
  ) {}

  async handle(tx: Tx, forged: readonly Incoming<unknown>[]): Promise<void> {
    if (forged.length === 0) return;
    await this.actions.countRefused(
      tx,
      forged.map(({ topic }) => topic),
    );
    await this.deadLetters.bury(tx, forged);
  }
}
