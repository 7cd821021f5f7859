import type { Caps, Grant, NotEligibleWhy, Plan, ProblemCode, Stage, VoteBody } from '#contracts';
import { grantedBy, variantOf, type ViewVariant } from '#trust';
import { stagesInOrder, type Held } from './approval.js';
import type { Decider } from './decider.js';
import { groupShown, seatToApprove, seatToDeny, type Circle, type Seat, type Sits } from './eligibility.js';
import { openNow, waitsFor, type OpenStage, type WaitsFor } from './waits-for.js';

export interface Refusal {
  ok: false;
  code: ProblemCode;
  why?: NotEligibleWhy;
  detail?: string;
}

export interface VoteCase {
  held: Pick<Held, 'state' | 'stage' | 'openStages' | 'beganAt' | 'deadlineAt' | 'now' | 'planNo'>;
  person: Decider;
  circle: Circle;
  /** The plan that the circle was read for: a row that has moved on to another plan refuses the vote. */
  planNo: number;
  /** The digest of the view as the frozen evidence renders it now. */
  viewDigest: string;
  /** How much of what is secret that view shows: only the seat's own variant counts. */
  variant: ViewVariant;
  /** This person already voted on this plan, or somebody did on their seat. */
  voted: boolean;
}

/** May this vote be counted, and from which seat? Asked before policy is asked, and again under the lock. */
export function considerVote(body: VoteBody, vote: VoteCase): Sits | Refusal {
  const late = whyNotOpen(vote.held);
  if (late !== undefined) return { ok: false, code: late };
  if (vote.held.planNo !== vote.planNo) return { ok: false, code: 'view_changed' };
  const seat = seatFor(body, vote);
  if (!seat.ok) return seat;
  const isShown =
    body.view_digest === vote.viewDigest && variantOf(vote.circle.plan, groupShown(seat)) === vote.variant;
  if (!isShown) return { ok: false, code: 'view_changed' };
  return whyNotConfirmed(body, seat.stage, vote.circle.plan) ?? seat;
}

export function whyNotOpen(held: VoteCase['held']): ProblemCode | undefined {
  if (held.state === 'expired' || (held.state === 'open' && held.now >= held.deadlineAt)) return 'expired';
  return held.state === 'open' ? undefined : 'already_decided';
}

function seatFor(body: VoteBody, vote: VoteCase): Sits | Refusal {
  const { circle, held, person } = vote;
  const open = openNow(circle.plan, held);
  const seat = body.decision === 'deny' ? seatToDeny(person, open, circle) : seatToTake(body, vote, open);
  if ('code' in seat) return seat;
  // Said first, a person who voted in an earlier stage would otherwise read that they do not belong to this one.
  const isVoted = vote.voted && (seat.ok || seat.why === 'not_in_group' || seat.why === 'seat_taken');
  if (isVoted) return { ok: false, code: 'not_eligible', why: 'already_voted' };
  if (!seat.ok) return { ok: false, code: 'not_eligible', why: seat.why };
  // A seat is in one hand at a time: whoever wants it back takes it back first.
  const isAway = circle.given.some(({ giver }) => giver === person.id);
  return isAway ? { ok: false, code: 'not_eligible', why: 'delegated' } : seat;
}

export interface Seated {
  person: string;
  /** Whose seat they fill, where that is another person's. */
  seatOf: string | undefined;
}

/** Who has no seat any more in the plan of these votes: they voted, or somebody did on their seat. */
export function seated(votes: readonly Seated[]): Set<string> {
  return new Set(votes.flatMap(({ person, seatOf }) => [person, ...(seatOf === undefined ? [] : [seatOf])]));
}

/** Where several stages are open at once, the person says in which one: nobody else picks the seat that a vote fills. */
function seatToTake({ stage }: VoteBody, { circle, held, person }: VoteCase, open: readonly OpenStage[]): Seat | Refusal {
  const { parallel, stages } = circle.plan;
  if (stage === undefined && parallel === true) return mismatch('stage: all stages are open at once, name yours');
  const named = stage ?? held.stage;
  if (!stages.some((one) => one.stage === named)) return mismatch('stage: no such stage');
  const one = open.find((each) => each.stage.stage === named);
  if (one !== undefined) return seatToApprove(person, one, circle);
  return { ok: false, why: parallel === true ? 'seat_taken' : 'not_in_group' };
} // prettier-ignore

const mismatch = (detail: string): Refusal => ({ ok: false, code: 'schema_mismatch', detail });

function whyNotConfirmed(body: VoteBody, stage: Stage, plan: Plan): Refusal | undefined {
  const known = new Set(plan.stages.flatMap((one) => one.confirmations.map((point) => point.id)));
  const unknown = body.confirmed.find((id) => !known.has(id));
  if (unknown !== undefined) return mismatch('confirmed: no such point');
  if (body.decision === 'deny') return undefined;
  const confirmed = new Set(body.confirmed);
  const missing = stage.confirmations.find((point) => !confirmed.has(point.id));
  if (missing === undefined) return undefined;
  return { ok: false, code: 'confirmation_missing', detail: `not confirmed: ${missing.id}` };
}

export type Counted =
  /** `open`: what is left of several stages at once, where this vote has completed one. */
  { then: 'waits'; open?: Stage[] } | { then: 'next_stage'; stage: Stage } | { then: 'granted' } | { then: 'denied' };

/**
 * What one more vote does to a plan. A no is final at once; a yes that completes the last stage grants.
 * `before` = the votes of this plan that were counted before.
 */
export function countVote(
  plan: Plan,
  seat: Stage,
  { before, decision }: { decision: VoteBody['decision']; before: readonly CountedBefore[] },
): Counted {
  if (decision === 'deny') return { then: 'denied' };
  const yes = [seat.stage, ...before.filter((one) => one.decision === 'approve').map(({ stage }) => stage)];
  const open = stagesInOrder(plan).filter(({ quorum, stage }) => yes.filter((one) => one === stage).length < quorum);
  const [next] = open;
  if (next === undefined) return { then: 'granted' };
  if (open.some(({ stage }) => stage === seat.stage)) return { then: 'waits' };
  return plan.parallel === true ? { then: 'waits', open } : { then: 'next_stage', stage: next };
}

interface CountedBefore {
  stage: number;
  decision: VoteBody['decision'];
}

/** Whom the request waits for after this vote; undefined where it goes on waiting for the same people. */
export function waitsAfter(
  plan: Plan,
  { beganAt, escalated, now }: Pick<Held, 'beganAt' | 'escalated' | 'now'>,
  counted: Counted,
): WaitsFor | undefined {
  if (counted.then === 'next_stage') return waitsFor(plan, [counted.stage], { beganAt: now });
  const left = counted.then === 'waits' ? counted.open : undefined;
  return left && waitsFor(plan, left, { beganAt, escalated });
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
