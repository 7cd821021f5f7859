import { Injectable } from '@nestjs/common';
import {
  acceptance,
  type DataOf,
  type OutcomeName,
  type OutcomeValue,
  type RequestEvidence,
  type reviewClosed,
  type SignedOutcome,
  type Verdict,
} from '#contracts';
import { newId } from '#platform';
import { isClosingOf, Keyring, outcomeAttributes, signOutcome, Trust, verifyOutcome } from '#trust';
import { readQuestion, type Read } from '../core/question.js';

/** Reads what intake signed, and signs what policy says. */
@Injectable()
export class Evidence {
  constructor(
    private readonly trust: Trust,
    private readonly keyring: Keyring,
  ) {}

  get gate(): string {
    return this.keyring.gate;
  }

  read(named: { actionId: string; agentId: string }, request: RequestEvidence): Read {
    const accepted = this.trust.verify(request.acceptance, {
      purpose: 'acceptance',
      service: 'intake',
      schema: acceptance,
    });
    return readQuestion(named, request, accepted.ok ? accepted.payload : undefined);
  }

  /** Of a request whose sender named nothing beside it: the acceptance itself says what it is about. */
  readByItself(request: RequestEvidence): Read {
    const accepted = this.trust.verify(request.acceptance, {
      purpose: 'acceptance',
      service: 'intake',
      schema: acceptance,
    });
    if (!accepted.ok) return { kind: 'forged' };
    const { action_id: actionId, agent } = accepted.payload;
    return readQuestion({ actionId, agentId: agent.id }, request, accepted.payload);
  }

  /** What a service that may say so has signed about this action; undefined when nobody has. */
  outcomeOf(
    actionId: string,
    { agent_id: agentId, outcome }: { agent_id: string; outcome: SignedOutcome },
  ): { service: string; outcome: OutcomeName; code: string } | undefined {
    const verified = verifyOutcome(this.trust, outcome, { agentId, actionId });
    if (!verified.ok) return undefined;
    const { service, value } = verified;
    return { service, outcome: value.outcome, code: value.code };
  }

  /** Whether approvals has signed exactly this closing of a review. */
  isClosing({ closing, ...said }: DataOf<typeof reviewClosed>): boolean {
    return isClosingOf(this.trust, closing, said);
  }

  sign(verdict: Verdict): string {
    return this.keyring.sign('verdict', verdict);
  }

  /** What the agent is told when the action ends here. */
  denied(agentId: string, said: Omit<OutcomeValue, 'outcome' | 'lease' | 'approval'>): SignedOutcome {
    const ce = outcomeAttributes(newId(), this.keyring.service, 'denied');
    return signOutcome(this.keyring, { agentId, ce, value: { ...said, outcome: 'denied' } });
  }
}
