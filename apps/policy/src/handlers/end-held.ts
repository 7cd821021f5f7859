import { Injectable } from '@nestjs/common';
import { policyDenied } from '#contracts';
import type { Tx } from '#database';
import { Outbox, type Said } from '#messaging';
import { ActionStore } from '../io/action.store.js';
import { Evidence } from '../io/evidence.js';

/** An action that cannot be judged. */
export interface Ending {
  actionId: string;
  agentId: string;
  /** Of the action where it is known, else of the bytes. */
  digest: string;
  traceparent?: string | undefined;
}

/** Ends what policy holds and cannot judge: doubt is a visible no, never silence. What policy has passed on is not its to end. */
@Injectable()
export class EndHeld {
  constructor(
    private readonly actions: ActionStore,
    private readonly evidence: Evidence,
    private readonly outbox: Outbox,
  ) {}

  async end(endings: readonly Ending[], tx: Tx): Promise<void> {
    if (endings.length === 0) return;
    const ended = await this.actions.endHeld(tx, endings);
    const said = endings.filter(({ actionId }) => ended.has(actionId)).map((ending) => this.said(ending));
    if (said.length > 0) await this.outbox.say(tx, said);
  }

  private said({ actionId, agentId, digest, traceparent }: Ending): Said {
    const told = { action_id: actionId, action_digest: digest, code: 'engine_error', reasons: ['engine_error'] };
    const data = { action_id: actionId, agent_id: agentId, outcome: this.evidence.denied(agentId, told) };
    return { event: policyDenied, subject: actionId, sequence: 1, data, traceparent };
  }
}
