import {
  terminalOutcomes,
  type ActionAnswer,
  type ActionState,
  type OutcomeValue,
  type SignedOutcome,
} from '#contracts';
import { verifyOutcome, type Trust } from '#trust';
import { GateError } from './gate-error.js';
import type { Ticket } from './request.js';

export type OfferedLease = NonNullable<OutcomeValue['lease']>;

/** Where an action stands. */
export interface ActionStatus {
  state: ActionState;
  code: string | undefined;
  /** With texts for people where the gate sent them. */
  reasons: { code: string; text?: string }[];
  lease: OfferedLease | undefined;
  approvalExpiresAt: string | undefined;
  /** Of a denial that holds for a time: the same request is denied again before. RFC 3339. */
  askAgainAt: string | undefined;
  /** What a person asks before they decide, where the gate sent it: read over HTTP, no outcome carries it. */
  question: { text: string; askedAt: string } | undefined;
}

/** True when waiting longer brings nothing by itself: the agent can redeem, or it is over. */
export function isSettled({ state }: ActionStatus): boolean {
  return state === 'offered' || state === 'released' || isOver(state);
}

/** True when a person waits for an answer: ask anew, and name this one as superseded. */
export function isQuestioned({ state, code }: ActionStatus): boolean {
  return state === 'pending' && code === 'question_asked';
}

export function isOver(state: ActionState): boolean {
  return state !== 'accepted' && terminalOutcomes.has(state);
}

/** What a signed outcome says about this ticket. Throws GateError `not_trusted` when it does not verify or is about something else. */
export function statusOfOutcome(trust: Trust, signed: SignedOutcome, ticket: Ticket, agentId: string): ActionStatus {
  const verified = verifyOutcome(trust, signed, { agentId, actionId: ticket.actionId });
  if (!verified.ok) throw new GateError('not_trusted', 'an outcome does not verify');
  const { value } = verified;
  if (value.action_digest !== ticket.actionDigest)
    throw new GateError('not_trusted', 'an outcome is about other bytes');
  return {
    state: value.outcome,
    code: value.code,
    reasons: value.reasons.map((code) => ({ code })),
    lease: value.lease,
    approvalExpiresAt: value.approval?.expires_at,
    askAgainAt: value.ask_again_at,
    question: undefined,
  };
}

export interface Reader {
  trust: Trust;
  agentId: string;
}

/**
 * What an answer of `GET /v1/actions/{id}` says. Everything but `accepted` and the texts is taken from the signed outcome in it,
 * not from the answer around it.
 */
export function statusOfAnswer(answer: ActionAnswer, ticket: Ticket, { trust, agentId }: Reader): ActionStatus {
  if (answer.action_id !== ticket.actionId) throw new GateError('not_trusted', 'the answer is about another action');
  if (answer.state === 'accepted') return accepted;
  if (answer.outcome === undefined) throw new GateError('not_trusted', `${answer.state} without a signed outcome`);
  const status = statusOfOutcome(trust, answer.outcome, ticket, agentId);
  const texts = new Map(answer.reasons.map(({ code, text }) => [code, text]));
  const { question } = answer;
  return {
    ...status,
    question: question && { text: question.text, askedAt: question.asked_at },
    reasons: status.reasons.map(({ code }) => {
      const text = texts.get(code);
      return text === undefined ? { code } : { code, text };
    }),
  };
}

const accepted: ActionStatus = {
  state: 'accepted',
  code: undefined,
  reasons: [],
  lease: undefined,
  approvalExpiresAt: undefined,
  askAgainAt: undefined,
  question: undefined,
};
