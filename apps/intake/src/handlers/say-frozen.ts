import { actionAccepted, actionRejected, type Acceptance } from '#contracts';
import type { Tx } from '#database';
import { Outbox, type Said } from '#messaging';
import { newId } from '#platform';
import { Keyring, outcomeAttributes, signOutcome } from '#trust';
import { Injectable } from '@nestjs/common';
import type { Candidate } from '../core/settle.js';
import type { Refusal } from '../core/judge-request.js';

/** First thing that intake says about an action; its ask to cancel comes second. */
const sequence = 1;

/** Says what entered and what did not: an acceptance that intake signs, or the end that only intake may say. */
@Injectable()
export class SayFrozen {
  constructor(
    private readonly keyring: Keyring,
    private readonly outbox: Outbox,
  ) {}

  async handle(candidates: readonly Candidate[], receivedAt: ReadonlyMap<string, Date>, tx: Tx): Promise<void> {
    const said = candidates.map((candidate) => {
      const { refusal } = candidate.judged;
      const at = receivedAt.get(candidate.header.ce.id);
      if (at === undefined) throw new Error('a kept action has its time');
      return refusal === undefined ? this.#accepted(candidate, at) : this.#rejected(candidate, refusal);
    });
    await this.outbox.say(tx, said);
  }

  #accepted({ ask, header, agent, judged }: Candidate, at: Date): Said {
    const { id } = header.ce;
    const statement: Acceptance = {
      gate: this.keyring.gate,
      action_id: id,
      action_digest: judged.digest,
      agent: { id: agent.id, version: agent.version },
      ce: header.ce,
      received_at: at.toISOString(),
    };
    const request = {
      value: ask.bytes.toString('utf8'),
      signature: ask.signature ?? '',
      acceptance: this.keyring.sign('acceptance', statement),
    };
    const data = { action_id: id, agent_id: agent.id, request };
    return { event: actionAccepted, subject: id, sequence, data, traceparent: ask.traceparent };
  }

  #rejected({ ask, header, agent, judged }: Candidate, { code }: Refusal): Said {
    const { id } = header.ce;
    const outcome = signOutcome(this.keyring, {
      agentId: agent.id,
      ce: outcomeAttributes(newId(), this.keyring.service, 'rejected'),
      value: { action_id: id, action_digest: judged.digest, outcome: 'rejected', code, reasons: [code] },
    });
    const data = { action_id: id, agent_id: agent.id, code, outcome };
    return { event: actionRejected, subject: id, sequence, data, traceparent: ask.traceparent };
  }
}
