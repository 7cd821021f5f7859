import type { DeniedCode, Plan } from '#contracts';
import { canBeSeated, isSoundPlan, type PeopleOf as PeopleLike } from '#trust';
import type { Decider } from './decider.js';
import { seated, type Seated } from './vote.js';

/** As they stand now. */
export type PeopleOf = PeopleLike<Decider>;

export interface Asked {
  peopleOf: PeopleOf;
  /**
   * Those who are told that a request waits for them. A plan that is opened counts on nobody else: whoever hears of nothing decides nothing in time.
   * What is open already was told, and goes on.
   */
  toldOf: PeopleOf;
}

/**
 * Why a plan cannot be decided by anybody, or undefined when it can.
 *
 * A plan stands when every seat can be filled at once by distinct people: one person never fills two seats of a plan,
 * whatever stages they stand in.
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
