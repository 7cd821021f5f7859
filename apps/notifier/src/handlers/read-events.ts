import { Injectable } from '@nestjs/common';
import {
  acceptance,
  actionAccepted,
  approvalDelegated,
  approvalVoted,
  counting,
  leaseReplayed,
  type DataOf,
} from '#contracts';
import type { Incoming } from '#messaging';
import { isReplayOf, readDelegation, Trust, verifyOutcome } from '#trust';
import type { Replayed } from '../core/alarm.js';
import {
  agentOf,
  escalatedIn,
  isA,
  outcomeIn,
  questionIn,
  reviewIn,
  waitingIn,
  type Event,
  type Waiting,
} from '../core/heard.js';
import { isTerminal, rankOf, serviceOfTopic } from '../core/outcome-states.js';
import { receivedBy } from '../core/received.js';
import type { Due } from '../core/told.js';
import type { Learned, NewOutcome } from '../io/action.store.js';
import { Audiences } from './audiences.js';
import type { Forward } from './forward-outcomes.js';

/** What one event that verified teaches. */
export interface Read {
  learned: Learned;
  outcome?: Forward & NewOutcome;
  waiting: Waiting | undefined;
  /** An alarm. */
  replayed?: Replayed;
  /** Whom else it concerns by itself, whatever is known of the action. */
  due?: Due[];
}

/** Verifies what an event says by itself; what stands beside its signatures proves nothing and is not used where it would matter. */
@Injectable()
export class ReadEvents {
  constructor(
    private readonly trust: Trust,
    private readonly audiences: Audiences,
  ) {}

  /** Undefined for a forged event: its acceptance or outcome is not signed by the service that speaks there, for this agent and action. */
  read(event: Incoming<unknown>): Read | undefined {
    const waiting = waitingIn(event);
    const agentId = agentOf(event);
    const learned: Learned = { actionId: event.subject, agentId, isAgentProven: false, ...whatElse(event, waiting) };
    const byItself = this.withoutOutcome(event, { learned, waiting });
    if (byItself !== undefined) return byItself === 'forged' ? undefined : byItself;
    const audience = this.audiences.of(event);
    if (audience !== undefined) Object.assign(learned, { audience, isAgentProven: true });
    const signed = outcomeIn(event);
    if (signed === undefined) return { learned, waiting };
    const service = serviceOfTopic[event.topic] ?? '';
    const verified = verifyOutcome(this.trust, signed, { service, agentId, actionId: event.subject });
    if (!verified.ok) return undefined;
    const { outcome, code, action_digest } = verified.value;
    Object.assign(learned, {
      isAgentProven: true,
      state: outcome,
      rank: rankOf(outcome),
      code,
      actionDigest: action_digest,
    });
    const row = {
      eventId: signed.ce.id,
      actionId: event.subject,
      outcome,
      code,
      signed,
      terminal: isTerminal(outcome),
    };
    return { learned, waiting, outcome: { ...row, agentId, traceparent: event.traceparent } };
  }

  /** What another signature than that of an outcome vouches for; undefined for everything else. */
  private withoutOutcome(event: Incoming<unknown>, read: Read): Read | 'forged' | undefined {
    if (isA(event, actionAccepted)) {
      return this.isAccepted(event.data) ? { ...read, learned: { ...read.learned, isAgentProven: true } } : 'forged';
    }
    if (isA(event, leaseReplayed)) return this.alarm(event.data, read.learned) ?? 'forged';
    if (isA(event, approvalVoted)) return this.isCounted(event.data) ? read : 'forged';
    if (!isA(event, approvalDelegated)) return undefined;
    return this.isGiven(event.data) ? { ...read, due: receivedBy(event.data) } : 'forged';
  }

  private alarm({ replay, ...said }: DataOf<typeof leaseReplayed>, learned: Learned): Read | undefined {
    if (learned.actionId !== said.action_id || !isReplayOf(this.trust, replay, said)) return undefined;
    const { actionId, agentId } = learned;
    return {
      learned: { ...learned, isAgentProven: true },
      waiting: undefined,
      replayed: { actionId, agentId, why: said.why },
    };
  }

  private isCounted({ action_id, counted }: DataOf<typeof approvalVoted>): boolean {
    const by = { purpose: 'vote', service: 'approvals', typ: 'sallyport-counting+jws' } as const;
    const verified = this.trust.verify(counted.counting, { ...by, schema: counting });
    return verified.ok && verified.payload.action_id === action_id;
  }

  private isGiven({ action_id, delegated, to }: DataOf<typeof approvalDelegated>): boolean {
    const read = readDelegation(this.trust, delegated);
    return read?.given.action_id === action_id && read.given.to === to;
  }

  private isAccepted({ action_id, agent_id, request }: DataOf<typeof actionAccepted>): boolean {
    const verified = this.trust.verify(request.acceptance, {
      purpose: 'acceptance',
      service: 'intake',
      schema: acceptance,
    });
    return verified.ok && verified.payload.action_id === action_id && verified.payload.agent.id === agent_id;
  }
}

function whatElse(event: Event, waiting: Waiting | undefined): Partial<Learned> {
  const review = reviewIn(event);
  const escalated = escalatedIn(event);
  const question = questionIn(event);
  return {
    ...(question && { question }),
    ...(escalated.length > 0 && { escalated }),
    ...(waiting && { openStage: waiting.stage, deadlineAt: waiting.deadlineAt, replaced: waiting.replaced }),
    ...(review && { reviewId: review.reviewId, reviewGroup: review.group }),
  };
}
