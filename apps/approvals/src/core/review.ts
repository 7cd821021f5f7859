import type { NotEligibleWhy, RequestValue, Verdict, Versioned } from '#contracts';
import { fromBase64url } from '#trust';
import type { Summary } from './approval.js';
import type { Believed } from './belief.js';
import type { Decider } from './decider.js';
import { isMember, overseers, whyInChain, type Chain, type Circle } from './eligibility.js';
import { summaryOf } from './summary.js';

export interface ReviewCircle extends Pick<Circle, 'groups'> {
  group: string;
  chain: Chain;
  /** Everybody who ever wrote a version of the incident behind the emergency. */
  declarers: string[];
}

/** Why this person may not close a review: they must be of the group the rule names, and no part of what happened. */
export function whyMayNotClose(person: Decider, review: ReviewCircle): NotEligibleWhy | undefined {
  if (!person.active) return 'not_a_person';
  const inChain = whyInChain(person, review.chain);
  if (inChain !== undefined) return inChain;
  if (review.declarers.includes(person.id)) return 'excluded';
  return isMember(person, review.group, review) ? undefined : 'not_in_group';
}

export function maySeeReview(person: Decider, review: Pick<ReviewCircle, 'group' | 'groups'>): boolean {
  return person.active && [review.group, ...overseers].some((group) => isMember(person, group, review));
}

export interface ReviewWanted {
  request: RequestValue;
  agent: Versioned;
  review: NonNullable<Verdict['obligations']['review']>;
  summary: Summary;
}

/** What the verdict of an allowed action asks people to look at afterwards. */
export function reviewOf(believed: Believed): ReviewWanted | 'none' | 'forged' {
  if (believed.kind !== 'sound') return 'forged';
  const { request, verdict } = believed;
  const { review } = verdict.obligations;
  if (review === undefined) return 'none';
  return { request, review, agent: verdict.agent, summary: summaryOf(request, verdict, [review.group]) };
}

/** May this verdict want a review? Nearly none does. Looks at the payload unverified: whatever says yes is verified afterwards. */
export function mayWantReview(verdict: string): boolean {
  const payload = fromBase64url(verdict.split('.')[1] ?? '');
  return payload?.includes('"review"') ?? false;
}
