import { recipientOf, type DeniedCode, type Plan, type Recipient, type Stage } from '#contracts';
import { hasLimit, isSoundPlan, sourcesOf } from '#trust';
import { stagesInOrder } from './approval.js';
import type { Decider } from './decider.js';
import { seated, type Seated } from './vote.js';

/** The people of a group, or the one person, as they stand now. Read lazily: a group may have thousands, a plan needs a handful. */
export type PeopleOf = (recipient: Recipient) => Iterable<Decider>;

/**
 * Why a plan cannot be decided by anybody, or undefined when it can.
 *
 * A plan stands when every seat can be filled at once by distinct people: one person never fills two seats of a plan,
 * whatever stages they stand in. Whoever may decide only after a silence counts too: then it waits for them.
 */
export function whyPlanCannotStand(plan: Plan, peopleOf: PeopleOf): DeniedCode | undefined {
  if (!isSoundPlan(plan)) return 'policy_unsatisfiable';
  return canBeSeated(plan, peopleOf) ? undefined : 'no_eligible_approver';
}

/** What is left of a plan that is being decided: the seats that nobody has filled, for people who have filled none. */
export function planLeft(plan: Plan, votes: readonly (Seated & { stage: number })[]): Plan {
  const left = plan.stages.map((stage) => {
    const filled = votes.filter((vote) => vote.stage === stage.stage).length;
    return { ...stage, quorum: stage.quorum - filled };
  });
  const gone = [...seated(votes)].map((person) => ({ person, why: 'excluded' as const }));
  return { ...plan, stages: left.filter(({ quorum }) => quorum > 0), excluded: [...plan.excluded, ...gone] };
}

function canBeSeated(plan: Plan, peopleOf: PeopleOf): boolean {
  const stages = stagesInOrder(plan);
  const total = stages.reduce((sum, stage) => sum + stage.quorum, 0);
  const seats: string[][] = [];
  for (const stage of stages) {
    const people = eligibleFor(stage, { plan, peopleOf, atMost: total });
    if (people.length < stage.quorum) return false;
    seats.push(...Array<string[]>(stage.quorum).fill(people));
  }
  return matchesAll(seats);
}

/** A stage with as many people as the plan has seats can always be filled: more of them would change nothing. */
function eligibleFor(stage: Stage, around: { plan: Plan; peopleOf: PeopleOf; atMost: number }): string[] {
  const excluded = new Set(around.plan.excluded.map((exclusion) => exclusion.person));
  const able = new Set<string>();
  for (const person of peopleOfStage(stage, around.peopleOf)) {
    if (able.size >= around.atMost) break;
    if (person.active && !excluded.has(person.id) && hasLimit(person, stage)) able.add(person.id);
  }
  return [...able];
}

function* peopleOfStage(stage: Stage, peopleOf: PeopleOf): Generator<Decider> {
  for (const source of sourcesOf(stage)) yield* peopleOf(recipientOf(source));
  if (stage.escalate !== undefined) yield* peopleOf(stage.escalate.to);
}

/** Bipartite matching by augmenting paths (Kuhn): can each seat have a person of its own? */
function matchesAll(seats: string[][]): boolean {
  const seatOf = new Map<string, number>();
  const place = (seat: number, tried: Set<string>): boolean => {
    for (const person of seats[seat] ?? []) {
      if (tried.has(person)) continue;
      tried.add(person);
      const taken = seatOf.get(person);
      if (taken === undefined || place(taken, tried)) {
        seatOf.set(person, seat);
        return true;
      }
    }
    return false;
  };
  return seats.every((_, seat) => place(seat, new Set()));
}
