import { actionCancelRequested, agentUrn, type CancelCode } from '#contracts';
import type { Tx } from '#database';
import { Outbox } from '#messaging';
import { Injectable } from '@nestjs/common';
import { ActionsStore } from '../io/actions.store.js';

export interface Ending {
  actionId: string;
  agentId: string;
  code: CancelCode;
  traceparent: string | undefined;
}

/** Behind `accepted`, which is 1. */
const sequence = 2;

/** An agent wants its own action ended. intake has passed it on, so it only says so, once: whoever holds it decides. */
@Injectable()
export class SayCancel {
  constructor(
    private readonly actions: ActionsStore,
    private readonly outbox: Outbox,
  ) {}

  /** Answers what the action was; undefined when there is no such action of this agent. */
  async handle(tx: Tx, { actionId, agentId, code, traceparent }: Ending): Promise<'accepted' | 'rejected' | undefined> {
    const asked = await this.actions.askCancel(actionId, agentId, tx);
    if (asked?.said === true) {
      const data = { action_id: actionId, agent_id: agentId, code, by: agentUrn(agentId) };
      await this.outbox.say(tx, [{ event: actionCancelRequested, subject: actionId, sequence, data, traceparent }]);
    }
    return asked?.state;
  }
}
