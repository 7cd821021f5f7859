import { actionCancelRequested, agentUrn, ProblemError } from '#contracts';
import { Database } from '#database';
import { Outbox } from '#messaging';
import { Injectable } from '@nestjs/common';
import { isActionId } from '../core/freshness.js';
import { ActionsStore } from '../io/actions.store.js';

export interface CancelCall {
  actionId: string;
  agentId: string;
  traceparent: string;
}

/** Behind `accepted`, which is 1. */
const sequence = 2;

/** The agent asks to end its own action. intake has passed it on, so it only says so: whoever holds it decides. */
@Injectable()
export class CancelAction {
  constructor(
    private readonly database: Database,
    private readonly actions: ActionsStore,
    private readonly outbox: Outbox,
  ) {}

  /** Asking twice is asking once. An action of another agent is not told from one that does not exist. */
  async handle({ actionId, agentId, traceparent }: CancelCall): Promise<void> {
    if (!isActionId(actionId)) throw new ProblemError('not_found');
    await this.database.transaction(async (tx) => {
      const asked = await this.actions.askCancel(actionId, agentId, tx);
      if (asked === undefined) throw new ProblemError('not_found');
      if (asked.state === 'rejected') throw new ProblemError('already_decided');
      if (!asked.said) return;
      const data = { action_id: actionId, agent_id: agentId, code: 'agent_cancelled' as const, by: agentUrn(agentId) };
      await this.outbox.say(tx, [{ event: actionCancelRequested, subject: actionId, sequence, data, traceparent }]);
    });
  }
}
