import type { z } from 'zod';
import {
  approvalEscalated, approvalOpened, approvalQuestioned, approvalReplaced, approvalVoted, killSwitchChanged, policyAllowed, policyApprovalRequired, policyDenied, reviewOpened,
  signedOutcome, verdict, type DataOf, type EventDefinition, type SignedOutcome, type VerdictEvidence,
} from '#contracts'; // prettier-ignore
import { peek } from '#trust';
import { namesSomebody } from './audience.js';

/** The part of an event that this service works with. */
export interface Event {
  type: string;
  topic: string;
  /** When it was said; only reminders are computed from it. */
  time: string;
  data: unknown;
}

/** Narrows an event that the runner has validated against its schema already. */
export function isA<E extends EventDefinition, T extends Pick<Event, 'type'>>(
  event: T,
  definition: E,
): event is T & { data: z.output<E['data']> } {
  return event.type === definition.type;
}

/**
 * Nearly all that policy allows names nobody who would be told; the offer that follows tells the agent. The kill switch is
 * not about an action: what it ends is said action by action.
 */
export function concerns(type: string, data: unknown): boolean {
  const event = { type, data };
  if (isA(event, killSwitchChanged)) return false;
  if (!isA(event, policyAllowed)) return true;
  const said = verdict.safeParse(peek(event.data.evidence.verdict));
  return !said.success || namesSomebody(said.data);
}

export function agentOf(event: Event): string {
  return (event.data as { agent_id: string }).agent_id;
}

/** The outcome that the holder said with this event, if it said one. */
export function outcomeIn(event: Event): SignedOutcome | undefined {
  const said = (event.data as { outcome?: unknown }).outcome;
  return said === undefined ? undefined : signedOutcome.parse(said);
}

/** The verdict that says who is to be told. */
export function evidenceIn(event: Event): VerdictEvidence | undefined {
  if (isA(event, policyAllowed) || isA(event, policyApprovalRequired) || isA(event, approvalReplaced)) {
    return event.data.evidence;
  }
  return isA(event, policyDenied) ? event.data.evidence : undefined;
}

/** A stage that begins to wait for people. */
export interface Waiting {
  stage: number;
  openedAt: string;
  deadlineAt: string;
  replaced: boolean;
}

export function waitingIn(event: Event): Waiting | undefined {
  if (isA(event, approvalVoted)) return nextStage(event.data, event.time);
  const replaced = isA(event, approvalReplaced);
  if (!replaced && !isA(event, approvalOpened)) return undefined;
  const { stage, opened_at, deadline_at } = event.data;
  return { stage, openedAt: opened_at, deadlineAt: deadline_at, replaced };
}

/** The groups that may decide from now on as well, because nobody has. */
export function escalatedIn(event: Event): string[] {
  return isA(event, approvalEscalated) ? event.data.stages.map(({ to }) => to) : [];
}

/** What a person asks the agent. */
export interface Question {
  text: string;
  askedAt: string;
}

export function questionIn(event: Event): Question | undefined {
  if (!isA(event, approvalQuestioned)) return undefined;
  const { asked_at: askedAt, text } = event.data;
  return { text, askedAt };
}

export function reviewIn(event: Event): { reviewId: string; group: string } | undefined {
  return isA(event, reviewOpened) ? { reviewId: event.data.review_id, group: event.data.group } : undefined;
}

/** A vote that completes its stage lets the next one begin, with what is left of the time. */
function nextStage({ next }: DataOf<typeof approvalVoted>, openedAt: string): Waiting | undefined {
  return next && { stage: next.stage, openedAt, deadlineAt: next.deadline_at, replaced: false };
}
