import { Injectable } from '@nestjs/common';
import { policyCancelRequested, type actionCancelRequested, type DataOf } from '#contracts';
import type { Tx } from '#database';
import { Outbox, type Incoming, type Said, type SliceHandler } from '#messaging';
import { ActionStore } from '../io/action.store.js';

type Ask = Incoming<DataOf<typeof actionCancelRequested>>;

/**
 * An ask to end an action follows the action: policy holds one only while it judges it, so whatever it has passed on it says again
 * behind its verdict. A denied action has ended already.
 */
@Injectable()
export class PassOnAsks implements SliceHandler<typeof actionCancelRequested> {
  constructor(
    private readonly actions: ActionStore,
    private readonly outbox: Outbox,
  ) {}

  async handle(asks: Ask[], tx: Tx): Promise<void> {
    const passedOn = await this.actions.passOn(
      tx,
      asks.map(({ subject }) => subject),
    );
    const byId = new Map(passedOn.map((one) => [one.actionId, one]));
    const said = asks.flatMap(({ subject, data, traceparent }): Said[] => {
      const one = byId.get(subject);
      if (one?.agentId !== data.agent_id) return [];
      const again = { action_id: subject, agent_id: one.agentId, code: data.code, by: data.by };
      return [{ event: policyCancelRequested, subject, sequence: one.version, data: again, traceparent }];
    });
    if (said.length > 0) await this.outbox.say(tx, said);
  }
}
