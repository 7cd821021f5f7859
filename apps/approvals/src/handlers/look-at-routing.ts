import { Injectable } from '@nestjs/common';
import { ProblemError, type Known, type RoutingHealthAnswer } from '#contracts';
import { overseers } from '../core/eligibility.js';
import { routingProblems } from '../core/routing-health.js';
import { PolicyDoor } from '../io/policy-door.js';
import { RegistryFacts } from '../io/registry-facts.js';

/** Who can mend it, and who looks after that. */
const readers: readonly string[] = ['registrars', 'security-officers', ...overseers];

/** Whether everybody whom rules may ask for is there: looked at before a request is made that nobody could decide. */
@Injectable()
export class LookAtRouting {
  constructor(
    private readonly registry: RegistryFacts,
    private readonly policy: PolicyDoor,
  ) {}

  /** Throws `not_found` for everybody else, and a retryable Fault when policy does not answer. */
  async handle(caller: Known<'people'>): Promise<RoutingHealthAnswer> {
    if (!this.registry.groupsOf(caller.id).some((group) => readers.includes(group)))
      throw new ProblemError('not_found');
    const needs = await this.policy.needs();
    const agents = this.registry.agents().filter(({ spec }) => spec.state === 'active');
    const groupOf = (id: string): Known<'groups'> | undefined => this.registry.known('groups', id);
    const { hears, peopleOf, toldOf } = this.registry;
    const problems = routingProblems(needs, { groupOf, hears, peopleOf, toldOf, agents });
    return { groups: new Set(needs.map(({ group }) => group)).size, agents: agents.length, problems };
  }
}
