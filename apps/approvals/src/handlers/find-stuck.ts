import { Injectable } from '@nestjs/common';
import type { Plan } from '#contracts';
import { isRetryable } from '#platform';
import { partiesOf, Trust } from '#trust';
import { planLeft, whyPlanCannotStand, type PeopleOf } from '../core/plan.js';
import type { OpenPlan } from '../io/open-plan.store.js';
import { RegistryFacts } from '../io/registry-facts.js';
import { readJudged } from './load-case.js';

/** Which open requests nobody is left to decide. */
@Injectable()
export class FindStuck {
  constructor(
    private readonly trust: Trust,
    private readonly registry: RegistryFacts,
  ) {}

  /** Undefined while the registry does not answer: the copy may lag behind a group that was just filled, so it alone ends nothing. */
  async among(open: readonly OpenPlan[]): Promise<OpenPlan[] | undefined> {
    const stuck = open.filter((one) => this.isStuck(one, this.registry.peopleOf));
    if (stuck.length === 0) return [];
    const parties = stuck.flatMap((one) => this.planOf(one) ?? []).flatMap(partiesOf);
    try {
      const { peopleOf } = await this.registry.askedNow([...new Set(parties)]);
      return stuck.filter((one) => this.isStuck(one, peopleOf));
    } catch (error) {
      if (isRetryable(error)) return undefined;
      throw error;
    }
  }

  private isStuck(one: OpenPlan, peopleOf: PeopleOf): boolean {
    const plan = this.planOf(one);
    return plan !== undefined && whyPlanCannotStand(planLeft(plan, one.votes), peopleOf) === 'no_eligible_approver';
  }

  private planOf({ verdict }: OpenPlan): Plan | undefined {
    return readJudged(this.trust, verdict)?.plan;
  }
}
