import type { Facts, Known, PolicyInput } from '#contracts';
import { moneyOf, statementTextOf } from './attributes.js';
import { claimsOf } from './claims.js';
import { FactSheet, registered } from './fact-sheet.js';
import type { Question } from './question.js';
import type { Registry } from './registry.js';
import type { StatementFact } from './statement.js';
import { resourceOf, subjectOf, type Moment } from './subject.js';
import { counterpartyOf, incidentFacts, incidentsOf, profileOf, sharingOf, windowOf } from './surroundings.js';

/** What the database counts, without this action itself. */
export interface Counters {
  /** Actions of this name that the agent had asked for in the minute before. */
  velocity: number;
  /** Present for an action with an amount. */
  spend?: { ownMinor: number; peopleMinor: number };
  openReviews: readonly string[];
  /** Since a person last said no to the same; absent when nobody has. */
  refusedSecondsAgo?: number;
}

export interface World extends Moment {
  counters: Counters;
  /** What a text of SQL does. */
  statementFacts: (sql: string) => StatementFact;
}

/** The entries that a verdict names or is bound to. */
export interface Entries {
  agent: Known<'agents'>;
  resource: Known<'resources'>;
  profile: Known<'profiles'> | undefined;
}

export type Gathered =
  | ({ ok: true; input: PolicyInput; facts: Facts } & Entries)
  | { ok: false; code: 'unknown_resource' | 'agent_unregistered'; agentVersion: number };

export const velocityWindowSeconds = 60;

/**
 * Puts together what the rules see. An agent or a resource that is not registered, or a resource of another type than the request says, has no
 * facts: then there is nothing for rules to judge.
 */
export function gather(question: Question, world: World): Gathered {
  const entries = entriesOf(question, world.registry);
  if ('code' in entries) return { ok: false, agentVersion: question.agentVersion, ...entries };
  const sheet = new FactSheet();
  const input: PolicyInput = {
    contract: 'sallyport.input/1',
    action: frozen(question),
    claims: claimsOf(question.request),
    subject: subjectOf(entries.agent, entries.profile, world, sheet),
    resource: resourceOf(entries.resource, sheet),
    context: contextOf(question, entries, world, sheet),
  };
  return { ok: true, input, facts: sheet.facts, ...entries };
}

function entriesOf(
  { agentId, request }: Question,
  registry: Registry,
): Entries | { code: 'unknown_resource' | 'agent_unregistered' } {
  const agent = registry.get('agents', agentId);
  if (agent === undefined) return { code: 'agent_unregistered' };
  const resource = registry.get('resources', request.resource.id);
  if (resource?.spec.type !== request.resource.type) return { code: 'unknown_resource' };
  return { agent, resource, profile: registry.get('profiles', request.requested_access.profile) };
}

function frozen({ request: { action, requested_access: access } }: Question): PolicyInput['action'] {
  const { profile, ttl_seconds, uses = 1 } = access;
  return { name: action.name, properties: action.properties, access: { profile, ttl_seconds, uses } };
}

function contextOf(question: Question, entries: Entries, world: World, sheet: FactSheet): PolicyInput['context'] {
  const { request } = question;
  const { registry, now, counters } = world;
  const { agent, resource, profile } = entries;
  const incidents = incidentsOf(request, world);
  return {
    at: now.toISOString(),
    risk: riskOf(request.action.name, registry, sheet),
    ...(profile && { profile: profileOf(profile, registry, sheet) }),
    window: windowOf(resource, now, sheet),
    incidents: incidentFacts(incidents, agent, registry, sheet),
    open_reviews: openReviews(incidents.length > 0, counters, sheet, now),
    velocity: velocityOf(counters, sheet, now),
    refusal: refusalOf(counters, sheet, now),
    ...spendOf(question, agent, world, sheet),
    ...counterpartyOf(request, registry, sheet),
    ...sharingOf(request, resource, registry, sheet),
    ...statementFact(question, world, sheet),
  };
}

/** An action type that has gone since the action was accepted counts as the worst. */
function riskOf(name: string, registry: Registry, sheet: FactSheet): PolicyInput['context']['risk'] {
  const type = registry.get('action-types', name);
  return type === undefined ? 'critical' : sheet.note('context.risk', type.spec.risk, registered(type));
}

const counted = (now: Date) => ({ source: 'counter:policy', at: now.toISOString() });

/** Reviews matter where an emergency could, and are noted there. */
function openReviews(matters: boolean, { openReviews: open }: Counters, sheet: FactSheet, now: Date): string[] {
  const reviews = [...open].sort();
  return matters ? sheet.note('context.open_reviews', reviews, counted(now)) : reviews;
}

function velocityOf({ velocity }: Counters, sheet: FactSheet, now: Date): PolicyInput['context']['velocity'] {
  const fact = { count: velocity, window_seconds: velocityWindowSeconds };
  return sheet.note('context.velocity', fact, counted(now));
}

/** Noted where there was one: who decides sees that somebody has said no to the same before. */
function refusalOf({ refusedSecondsAgo }: Counters, sheet: FactSheet, now: Date): PolicyInput['context']['refusal'] {
  if (refusedSecondsAgo === undefined) return { refused: false };
  return sheet.note('context.refusal', { refused: true, seconds_ago: refusedSecondsAgo }, counted(now));
}

/** Where money is asked for, having no limit of its own is a fact too: people confirm an amount beside the limits. */
function spendOf(
  { request }: Question,
  agent: Known<'agents'>,
  { counters: { spend }, now }: World,
  sheet: FactSheet,
): Pick<PolicyInput['context'], 'spend'> {
  const money = moneyOf(request);
  if (money === undefined || spend === undefined) return {};
  if (agent.spec.limits.length === 0) sheet.note('subject.limits', agent.spec.limits, registered(agent));
  const fact = { currency: money.currency, own_minor: spend.ownMinor, people_minor: spend.peopleMinor };
  return { spend: sheet.note('context.spend', fact, counted(now)) };
}

function statementFact(
  { request }: Question,
  { statementFacts, now }: World,
  sheet: FactSheet,
): Pick<PolicyInput['context'], 'statement'> {
  const sql = statementTextOf(request);
  if (sql === undefined) return {};
  const from = { source: 'parser:postgresql', at: now.toISOString() };
  return { statement: sheet.note('context.statement', statementFacts(sql), from) };
}
