import {
  toldOf,
  type PolicyInput,
  type RequiredApproval,
  type SeatSource,
  type Stage,
  type WantedSource,
} from '#contracts';
import type { PeopleOf } from '#trust';
import type { Registry } from './registry.js';

type Known = Pick<PolicyInput, 'subject' | 'resource'>;

const mostSources = 20;

/** Whose people decide a stage; undefined where a rule names nobody, two ways at once, or a manager that there is not. */
export function peopleFor({ from, group }: RequiredApproval, known: Known): Pick<Stage, 'group' | 'from'> | undefined {
  if ((from === undefined) === (group === undefined)) return undefined;
  if (from === undefined) return group === undefined ? undefined : { group };
  const sources = from.map((wanted) => sourceOf(wanted, known));
  const found = sources.filter((source) => source !== undefined);
  const isWhole = found.length === sources.length && found.length > 0 && found.length <= mostSources;
  return isWhole ? { from: found } : undefined;
}

function sourceOf(wanted: WantedSource, { resource, subject }: Known): SeatSource | undefined {
  if ('manager' in wanted) return managerOf(subject);
  if ('owner_group' in wanted) return { group: resource.owner_group, owner_of: resource.id };
  return wanted;
}

/** Of the principals that are registered. Several of different managers have none: an agent must not pick its judge by naming one of them. */
function managerOf({ principals }: PolicyInput['subject']): SeatSource | undefined {
  const managers = new Set(principals.map(({ manager }) => manager));
  const [first] = principals;
  if (first?.manager === undefined || managers.size > 1) return undefined;
  return { person: first.manager, manager_of: first.person };
}

/** Groups and people as policy knows them; nobody where they are never told, as approvals finds it when it opens the plan. */
export function peopleIn(registry: Pick<Registry, 'get'>): PeopleOf {
  return function* (recipient) {
    for (const id of toldOf(recipient, registry)) {
      const person = registry.get('people', id)?.spec;
      if (person !== undefined) yield { id, active: person.state === 'active', limits: person.limits };
    }
  };
}
