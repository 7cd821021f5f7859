import type { Known, Plan, RequestValue } from '#contracts';
import { beneficiariesOf } from './attributes.js';
import type { Registry } from './registry.js';

export type Exclusion = Plan['excluded'][number];

/**
 * Who never decides about this action, whatever the group: who answers for the agent, who registered it, on whose behalf it may act, and who gains.
 * Linked identities are one person in the registry, so they are one exclusion.
 */
export function exclusionsOf(agent: Known<'agents'>, request: RequestValue, registry: Registry): Exclusion[] {
  const { owner, principals } = agent.spec;
  const isPerson = (id: string): boolean => registry.get('people', id) !== undefined;
  const all: Exclusion[] = [
    { person: owner, why: 'owner' },
    // `bootstrap` and services make entries too, and decide nothing.
    ...(isPerson(agent.changed_by) ? [{ person: agent.changed_by, why: 'registrar' as const }] : []),
    ...principals.map((person) => ({ person, why: 'in_delegation_chain' as const })),
    ...beneficiariesOf(request)
      .filter(isPerson)
      .map((person) => ({ person, why: 'excluded' as const })),
  ];
  return all.filter(({ person }, index) => all.findIndex((other) => other.person === person) === index);
}
