import type { DeniedCode, Plan, Stage } from '#contracts';
import { coversLimit, type Decider } from './decider.js';
import { stagesInOrder } from './approval.js';

/** The people of a group as they stand now. Read lazily: a group may have thousands, a plan needs a handful. */
export type PeopleOf = (group: string) => Iterable<Decider>;

/**
 * Why a plan cannot be decided by anybody, or undefined when it can.
 *
 * A plan stands when every seat can be filled at once by distinct people: one person never fills two seats of a plan,
 * whatever stages they stand in.
 */
export function whyPlanCannotStand(plan: Plan, peopleOf: PeopleOf): DeniedCode | undefined {
  if (!isWellFormed(plan)) return 'policy_unsatisfiable';
  return canBeSeated(plan, peopleOf) ? undefined : 'no_eligible_approver';
}

function isWellFormed(plan: Plan): boolean {
  const numbers = new Set(plan.stages.map((stage) => stage.stage));
  return plan.stages.length > 0 && numbers.size === plan.stages.length && plan.stages.every((s) => s.quorum >= 1);
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
  for (const person of around.peopleOf(stage.group)) {
    if (able.size >= around.atMost) break;
    if (person.active && !excluded.has(person.id) && coversLimit(person, stage)) able.add(person.id);
  }
  return [...able];
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
