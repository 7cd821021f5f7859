import type { PolicyInput, RequiredApproval, SeatSource, Stage, WantedSource } from '#contracts';
import { hasLimit, sourcesOf } from '#trust';
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

/** Are there people enough for all seats of a stage, whatever they will say? */
export function areEnough(stage: Stage, excluded: ReadonlySet<string>, registry: Pick<Registry, 'get'>): boolean {
  const able = new Set<string>();
  for (const id of idsOf(stage, registry)) {
    if (able.size >= stage.quorum) break;
    if (!excluded.has(id) && mayDecide(id, stage, registry)) able.add(id);
  }
  return able.size >= stage.quorum;
}

function* idsOf(stage: Stage, registry: Pick<Registry, 'get'>): Generator<string> {
  for (const source of sourcesOf(stage)) {
    if ('person' in source) yield source.person;
    else yield* registry.get('groups', source.group)?.spec.members ?? [];
  }
}

function mayDecide(id: string, stage: Stage, registry: Pick<Registry, 'get'>): boolean {
  const person = registry.get('people', id);
  return person?.spec.state === 'active' && hasLimit(person.spec, stage);
}
