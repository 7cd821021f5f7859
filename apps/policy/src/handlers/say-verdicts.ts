import { Injectable } from '@nestjs/common';
import { policyAllowed, policyApprovalRequired, policyDenied } from '#contracts';
import type { Tx } from '#database';
import { Outbox, type Said } from '#messaging';
import { askAgainAt, reasonsOf } from '../core/verdict.js';
import { Evidence } from '../io/evidence.js';
import type { Decided } from './decide-slice.js';

const events = { allow: policyAllowed, require_approval: policyApprovalRequired } as const;

/** Says each verdict with all that it rests on, so that nobody behind has to join topics. */
@Injectable()
export class SayVerdicts {
  constructor(
    private readonly evidence: Evidence,
    private readonly outbox: Outbox,
  ) {}

  async say(decided: readonly Decided[], tx: Tx): Promise<void> {
    if (decided.length > 0)
      await this.outbox.say(
        tx,
        decided.map((one) => this.said(one)),
      );
  }

  private said({ event, question, judged: { verdict, facts } }: Decided): Said {
    const { actionId, agentId, digest } = question;
    const evidence = { request: event.data.request, verdict: this.evidence.sign(verdict), facts };
    const data = { action_id: actionId, agent_id: agentId, evidence };
    const about = { subject: actionId, sequence: 1, traceparent: event.traceparent };
    if (verdict.outcome !== 'deny') return { event: events[verdict.outcome], data, ...about };
    const again = askAgainAt(verdict);
    const told = {
      action_id: actionId,
      action_digest: digest,
      code: verdict.code,
      reasons: reasonsOf(verdict),
      ...(again !== undefined && { ask_again_at: again }),
    };
    return { event: policyDenied, data: { ...data, outcome: this.evidence.denied(agentId, told) }, ...about };
  }
}
