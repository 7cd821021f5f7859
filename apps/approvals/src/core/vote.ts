import type { Caps, Grant, NotEligibleWhy, Plan, ProblemCode, Stage, VoteBody } from '#contracts';
import { grantedBy, variantOf, type ViewVariant } from '#trust';
import { stageAfter, type Held } from './approval.js';
import type { Decider } from './decider.js';
import { seatToApprove, seatToDeny, type Circle, type Seat } from './eligibility.js';

export interface Refusal {
  ok: false;
  code: ProblemCode;
  why?: NotEligibleWhy;
  detail?: string;
}

export interface VoteCase {
  held: Pick<Held, 'state' | 'stage' | 'deadlineAt' | 'now' | 'planNo'>;
  person: Decider;
  circle: Circle;
  /** The plan that the circle was read for: a row that has moved on to another plan refuses the vote. */
  planNo: number;
  /** The digest of the view as the frozen evidence renders it now. */
  viewDigest: string;
  /** How much of what is secret that view shows: only the seat's own variant counts. */
  variant: ViewVariant;
  /** This person already voted on this plan. */
  voted: boolean;
}

/** May this vote be counted, and from which seat? Asked before policy is asked, and again under the lock. */
export function considerVote(body: VoteBody, vote: VoteCase): Extract<Seat, { ok: true }> | Refusal {
  const late = whyNotOpen(vote.held);
  if (late !== undefined) return { ok: false, code: late };
  if (vote.held.planNo !== vote.planNo) return { ok: false, code: 'view_changed' };
  const seat = seatFor(body, vote);
  if (!seat.ok) return { ok: false, code: 'not_eligible', why: seat.why };
  const isShown = body.view_digest === vote.viewDigest && variantOf(vote.circle.plan, seat.group.id) === vote.variant;
  if (!isShown) return { ok: false, code: 'view_changed' };
  return whyNotConfirmed(body, seat.stage, vote.circle.plan) ?? seat;
}

function whyNotOpen(held: VoteCase['held']): ProblemCode | undefined {
  if (held.state === 'expired' || (held.state === 'open' && held.now >= held.deadlineAt)) return 'expired';
  return held.state === 'open' ? undefined : 'already_decided';
}

function seatFor(body: VoteBody, vote: VoteCase): Seat {
  const { circle, held, person } = vote;
  const current = circle.plan.stages.find((stage) => stage.stage === held.stage);
  if (current === undefined) return { ok: false, why: 'not_in_group' };
  const seat =
    body.decision === 'approve' ? seatToApprove(person, current, circle) : seatToDeny(person, current, circle);
  // Said first, a person who voted in an earlier stage would otherwise read that they do not belong to this one.
  return vote.voted && (seat.ok || seat.why === 'not_in_group') ? { ok: false, why: 'already_voted' } : seat;
}

function whyNotConfirmed(body: VoteBody, stage: Stage, plan: Plan): Refusal | undefined {
  const known = new Set(plan.stages.flatMap((one) => one.confirmations.map((point) => point.id)));
  const unknown = body.confirmed.find((id) => !known.has(id));
  if (unknown !== undefined) return { ok: false, code: 'schema_mismatch', detail: 'confirmed: no such point' };
  if (body.decision === 'deny') return undefined;
  const confirmed = new Set(body.confirmed);
  const missing = stage.confirmations.find((point) => !confirmed.has(point.id));
  if (missing === undefined) return undefined;
  return { ok: false, code: 'confirmation_missing', detail: `not confirmed: ${missing.id}` };
}

export type Counted =
  { then: 'waits' } | { then: 'next_stage'; stage: Stage } | { then: 'granted' } | { then: 'denied' };

/**
 * What one more vote does to a plan. A no is final at once; a yes that completes the last stage grants.
 * `approved` = approving votes of this plan and stage that were counted before.
 */
export function countVote(plan: Plan, seat: Stage, decision: VoteBody['decision'], approved: number): Counted {
  if (decision === 'deny') return { then: 'denied' };
  if (approved + 1 < seat.quorum) return { then: 'waits' };
  const stage = stageAfter(plan, seat.stage);
  return stage === undefined ? { then: 'granted' } : { then: 'next_stage', stage };
}

export interface Access {
  ttl_seconds: number;
  uses: number;
}

/** The minimum over what the verdict allows and what every approving person would give. */
export function accessAfter(grant: Pick<Grant, 'ttl_seconds' | 'uses'>, caps: (Caps | undefined)[]): Access {
  return caps.reduce<Access>((least, cap) => grantedBy(least, cap ?? {}), {
    ttl_seconds: grant.ttl_seconds,
    uses: grant.uses,
  });
}
