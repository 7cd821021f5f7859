import type { NotEligibleWhy } from '#contracts';
import { groupsOf, hasLimit, peopleNamedIn, sourcesOf } from '#trust';
import { stagesInOrder } from './approval.js';
import type { Decider } from './decider.js';
import { isMember, seatToApprove, whyExcluded, type Circle, type Given, type Seat } from './eligibility.js';
import { openNow, type OpenStage } from './waits-for.js';
import { whyNotOpen, type Refusal, type VoteCase } from './vote.js';

/** One person gives the seat that they hold in a plan to another one. */
export interface Giving extends Pick<VoteCase, 'held' | 'circle' | 'planNo'> {
  giver: Decider;
  /** Undefined for whoever the registry does not know. */
  receiver: Decider | undefined;
  until: Date;
  /** Whose seats are filled. */
  seated: ReadonlySet<string>;
}

type Own = Extract<Seat, { ok: true }>;

/** Why this seat may not be given so; undefined when it may. Asked before the lock, and again under it. */
export function whyNotGiven(giving: Giving): Refusal | undefined {
  const { held, planNo, until } = giving;
  const late = whyNotOpen(held);
  if (late !== undefined) return { ok: false, code: late };
  if (held.planNo !== planNo) return { ok: false, code: 'view_changed' };
  if (until <= held.now || until > held.deadlineAt) {
    return { ok: false, code: 'schema_mismatch', detail: 'until: between now and the deadline of the request' };
  }
  const seats = seatsToGive(giving);
  if (!Array.isArray(seats)) return { ok: false, code: 'not_eligible', why: seats.why };
  const why = whyNotReceived(giving, seats);
  return why === undefined ? undefined : { ok: false, code: 'receiver_not_eligible', why };
}

/** Own seats only: what was received goes to nobody else. */
function seatsToGive({ circle, giver, held, seated }: Giving): Own[] | Extract<Seat, { ok: false }> {
  if (seated.has(giver.id)) return { ok: false, why: 'already_voted' };
  if (circle.given.some((given) => given.giver === giver.id)) return { ok: false, why: 'delegated' };
  const seats = stagesAhead(circle, held).map((stage) => seatToApprove(giver, stage, { ...circle, given: [] }));
  const own = seats.filter((seat): seat is Own => seat.ok);
  if (own.length > 0) return own;
  const whys = seats.flatMap((seat) => (seat.ok ? [] : [seat.why]));
  return { ok: false, why: whys.find((why) => why !== 'not_in_group') ?? 'not_in_group' };
}

/** Those that people decide now, escalated ones with whoever may by now; and those after them. */
function stagesAhead({ plan }: Circle, held: Giving['held']): OpenStage[] {
  const later = stagesInOrder(plan).filter(({ stage }) => plan.parallel !== true && stage > held.stage);
  return [...openNow(plan, held), ...later.map((stage) => ({ stage, from: sourcesOf(stage) }))];
}

/** Everything that a voter needs but the membership, and no part in this plan yet: nobody sits twice. */
function whyNotReceived({ circle, receiver, seated }: Giving, seats: readonly Own[]): NotEligibleWhy | undefined {
  if (receiver === undefined) return 'not_a_person';
  const excluded = whyExcluded(receiver, circle);
  if (excluded !== undefined) return excluded;
  if (seated.has(receiver.id)) return 'already_voted';
  if (hasOwnPart(receiver, circle) || circle.given.some((given) => given.receiver === receiver.id)) return 'has_seat';
  return seats.some(({ stage }) => hasLimit(receiver, stage)) ? undefined : 'limit_too_low';
}

/** A group that may only say no counts too: nobody speaks for two sides of one request. */
function hasOwnPart(person: Decider, circle: Circle): boolean {
  const isNamed = peopleNamedIn(circle.plan).includes(person.id);
  return isNamed || groupsOf(circle.plan).some((group) => isMember(person, group, circle));
}

/** Seats that end for good with whoever gave or received them, also when that person comes back; one that is filled stays filled. */
export function seatsOver(
  given: readonly Given[],
  { gone, seated }: { gone: ReadonlySet<string>; seated: ReadonlySet<string> },
): Given[] {
  return given.filter(({ giver, receiver }) => !seated.has(giver) && (gone.has(giver) || gone.has(receiver)));
}
