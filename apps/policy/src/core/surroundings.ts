import type { Known, PolicyInput, RequestValue } from '#contracts';
import { coversResource } from '#contracts';
import { counterpartyIdOf, fieldsOf } from './attributes.js';
import { registered, registeredTogether, type FactSheet } from './fact-sheet.js';
import { isActivePerson, type Registry } from './registry.js';
import type { Moment } from './subject.js';
import { openWindow } from './windows.js';

type Context = PolicyInput['context'];

/** The profile that was asked for, as registered. */
export function profileOf(
  profile: Known<'profiles'>,
  registry: Registry,
  sheet: FactSheet,
): NonNullable<Context['profile']> {
  const { issuer, actions, resources, max_ttl_seconds, uses } = profile.spec;
  const environments = registry.environmentsOf(profile);
  const known = {
    id: profile.id,
    version: profile.version,
    issuer,
    actions,
    resources,
    environments,
    max_ttl_seconds,
    uses,
  };
  return sheet.note('context.profile', known, registered(profile));
}

/** By the resource and the clock, whatever window the agent names. Noted where a resource has windows at all. */
export function windowOf(resource: Known<'resources'>, now: Date, sheet: FactSheet): Context['window'] {
  const { windows } = resource.spec;
  if (windows.length === 0) return { open: false };
  const open = openWindow(windows, now);
  const from = { source: `${registered(resource).source} clock:database`, at: now.toISOString() };
  if (open === undefined) return sheet.note('context.window', { open: false }, from);
  const { id, opensAt, closesAt } = open;
  const span = { opened_at: opensAt.toISOString(), closes_at: closesAt.toISOString() };
  return sheet.note('context.window', { open: true, id, ...span }, from);
}

/** Declared, not ended by the clock, and with this action on this resource in the playbook; never looked up by the name the agent gives. */
export function incidentsOf({ action, resource }: RequestValue, { registry, now }: Moment): Known<'incidents'>[] {
  return registry
    .incidents()
    .filter(
      ({ spec }) =>
        spec.actions.includes(action.name) &&
        now < new Date(spec.ends_at) &&
        spec.resources.some((pattern) => coversResource(pattern, resource.id)),
    );
}

export function incidentFacts(
  incidents: readonly Known<'incidents'>[],
  agent: Known<'agents'>,
  registry: Registry,
  sheet: FactSheet,
): Context['incidents'] {
  if (incidents.length === 0) return [];
  const leads = registry.get('groups', 'soc-lead')?.spec.members ?? [];
  const chain = new Set([agent.spec.owner, agent.changed_by, ...agent.spec.principals]);
  const facts = incidents.map(({ id, version, changed_by: declarer, spec: { severity, playbook, ends_at } }) => ({
    id,
    version,
    severity,
    playbook,
    ends_at,
    declared_by: declarer,
    human: leads.includes(declarer) && isActivePerson(registry, declarer),
    in_chain: chain.has(declarer),
  }));
  return sheet.note('context.incidents', facts, registeredTogether(incidents));
}

/** By the id in the frozen action, which is what will run, and no claim. */
export function counterpartyOf(
  request: RequestValue,
  registry: Registry,
  sheet: FactSheet,
): Pick<Context, 'counterparty'> {
  const id = counterpartyIdOf(request);
  if (id === undefined) return {};
  const known = registry.get('counterparties', id);
  if (known === undefined) {
    // Not being registered is a fact without an entry; it has no beginning.
    const from = { source: 'registry:counterparties', at: new Date(0).toISOString() };
    return { counterparty: sheet.note('context.counterparty', { registered: false, id }, from) };
  }
  const { approved, dpa, country } = known.spec;
  const facts = { registered: true as const, id, version: known.version, approved, dpa, country };
  return { counterparty: sheet.note('context.counterparty', facts, registered(known)) };
}

/** Each requested field against the resource's registered fields and the counterparty's entitlements. */
export function sharingOf(
  request: RequestValue,
  resource: Known<'resources'>,
  registry: Registry,
  sheet: FactSheet,
): Pick<Context, 'sharing'> {
  const requested = fieldsOf(request);
  if (requested === undefined) return {};
  const receiver = registry.get('counterparties', counterpartyIdOf(request) ?? '');
  const entitlements = new Set(receiver?.spec.entitlements);
  const fields = requested.map((name) => fieldFact(name, resource, entitlements));
  const from = registeredTogether(receiver === undefined ? [resource] : [resource, receiver]);
  return { sharing: sheet.note('context.sharing', { fields }, from) };
}

type FieldFact = NonNullable<Context['sharing']>['fields'][number];

/** An entitlement names one field of one resource, or `secret` for secret fields at all. */
function fieldFact(name: string, resource: Known<'resources'>, entitlements: ReadonlySet<string>): FieldFact {
  const field = resource.spec.fields.find((each) => each.name === name);
  const isNamed = entitlements.has(`${resource.id}#${name}`);
  if (field === undefined) return { name, known: false, secret: true, entitled: isNamed };
  const { classification, secret } = field;
  return { name, known: true, classification, secret, entitled: isNamed || (secret && entitlements.has('secret')) };
}
