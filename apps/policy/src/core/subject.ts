import type { Known, PolicyInput } from '#contracts';
import { registered, registeredTogether, type FactSheet, type Origin } from './fact-sheet.js';
import { isActivePerson, type Registry } from './registry.js';

export interface Moment {
  registry: Registry;
  /** The database's clock. */
  now: Date;
}

/** The agent as it is registered, and whether those behind it still stand. */
export function subjectOf(
  agent: Known<'agents'>,
  profile: Known<'profiles'> | undefined,
  { registry, now }: Moment,
  sheet: FactSheet,
): PolicyInput['subject'] {
  const { spec } = agent;
  const outside = (spec.outside_accounts ?? []).filter(({ target }) => target === profile?.spec.target);
  const from = registered(agent);
  const expired = spec.expires_at !== undefined && new Date(spec.expires_at) <= now;
  const owner = { person: spec.owner, active: isActivePerson(registry, spec.owner) };
  const principals = spec.principals.map((person) => principalOf(registry, person));
  return {
    type: 'agent',
    id: agent.id,
    version: agent.version,
    owner: sheet.note('subject.owner', owner, from),
    principals:
      principals.length > 0 ? sheet.note('subject.principals', principals, behind(agent, registry)) : principals,
    scope: sheet.note('subject.scope', spec.scope, from),
    limits: spec.limits.length > 0 ? sheet.note('subject.limits', spec.limits, from) : spec.limits,
    outside_access: outside.length > 0 ? sheet.note('subject.outside_access', outside, from) : outside,
    environment: sheet.note('subject.environment', spec.environment, from),
    state: sheet.note('subject.state', spec.state, from),
    expired: expired ? sheet.note('subject.expired', expired, from) : expired,
  };
}

/** Who is a manager, the principal's own entry says. */
function behind(agent: Known<'agents'>, registry: Registry): Origin {
  const people = agent.spec.principals.flatMap((person) => registry.get('people', person) ?? []);
  return registeredTogether([agent, ...people.filter(({ spec }) => spec.manager !== undefined)]);
}

function principalOf(registry: Registry, person: string): PolicyInput['subject']['principals'][number] {
  const known = registry.get('people', person);
  const { identities = [], manager, state } = known?.spec ?? {};
  return { person, active: state === 'active', identities, ...(manager !== undefined && { manager }) };
}

/** The resource as it is registered. */
export function resourceOf(resource: Known<'resources'>, sheet: FactSheet): PolicyInput['resource'] {
  const { type, environment, owner_group, classification, criticality } = resource.spec;
  const from = registered(resource);
  return {
    type,
    id: resource.id,
    version: resource.version,
    environment: sheet.note('resource.environment', environment, from),
    owner_group: sheet.note('resource.owner_group', owner_group, from),
    classification: sheet.note('resource.classification', classification, from),
    criticality: sheet.note('resource.criticality', criticality, from),
  };
}
