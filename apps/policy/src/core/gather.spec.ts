import { describe, expect, it } from '@jest/globals';
import { policyInput, type Facts, type PolicyInput } from '#contracts';
import { RegistryView } from '../io/registry-view.js';
import { anAgent, anIncident, FakeRegistry, inWindow, outsideWindow } from '../registry.fixture.js';
import { aRequest, type RequestChanges, type Story } from '../requests.fixture.js';
import { gather, type World } from './gather.js';
import { unparsed } from './statement.js';

const counters = { velocity: 2, openReviews: [], spend: { ownMinor: 100, peopleMinor: 0 } };

interface Found {
  input: PolicyInput;
  facts: Facts;
}

function gathered(
  story: Story,
  changes: RequestChanges = {},
  over: Partial<World> & { known?: FakeRegistry } = {},
): Found {
  const { known = new FakeRegistry(), ...world } = over;
  const question = {
    actionId: 'a',
    agentId: 'agent-1',
    agentVersion: 1,
    digest: 'd',
    request: aRequest(story, changes),
  };
  const registry = new RegistryView(known.copy);
  const result = gather(question, { registry, now: inWindow, counters, statementFacts: () => unparsed, ...world });
  if (!result.ok) throw new TypeError(result.code);
  return result;
}

describe('facts', () => {
  it.each(['refund', 'migrate', 'share', 'quarantine'] as const)('fit the contract of the rules: %s', (story) => {
    const { input } = gathered(story, { context: { change: { rollback_plan: 'x' }, incident: 'INC-1', task_id: 't' } });
    expect(policyInput.safeParse(input)).toMatchObject({ success: true });
  });

  it('are noted with their source and time', () => {
    const { facts } = gathered('refund');
    expect(facts['resource.environment']).toStrictEqual({
      value: 'production',
      source: 'registry:resources/payments/shop@1',
      at: '2026-11-20T08:00:00.000Z',
    });
    expect(facts['context.spend']).toStrictEqual({
      value: { currency: 'EUR', own_minor: 100, people_minor: 0 },
      source: 'counter:policy',
      at: inWindow.toISOString(),
    });
  });

  it('what the agent has at the target of the profile is one, and at another target is none', () => {
    const known = new FakeRegistry();
    const [there, elsewhere] = [{ target: 'tool-1', account: 'me' }, { target: 'tool-2', account: 'me' }]; // prettier-ignore
    known.change('agents', 'agent-1', { outside_accounts: [there, elsewhere] });
    const { input, facts } = gathered('refund', {}, { known });
    expect(input.subject.outside_access).toStrictEqual([there]);
    expect(facts['subject.outside_access']).toMatchObject({ value: [there], source: 'registry:agents/agent-1@2' });
    known.change('profiles', 'refunds', { target: 'tool-3' });
    const other = gathered('refund', {}, { known });
    expect(other.input.subject.outside_access).toStrictEqual([]);
    expect(other.facts['subject.outside_access']).toBeUndefined();
  });

  it('that a person has said no to the same is one, and that nobody has is none', () => {
    expect(gathered('migrate').input.context.refusal).toStrictEqual({ refused: false });
    expect(gathered('migrate').facts['context.refusal']).toBeUndefined();
    const refused = gathered('migrate', {}, { counters: { ...counters, refusedSecondsAgo: 61 } });
    expect(refused.input.context.refusal).toStrictEqual({ refused: true, seconds_ago: 61 });
    expect(refused.facts['context.refusal']).toMatchObject({ source: 'counter:policy', at: inWindow.toISOString() });
  });

  it('the manager of a principal is one of the registry, and noted with where it stands', () => {
    const known = new FakeRegistry();
    known.change('people', 'paul', { manager: 'maya' });
    known.change('agents', 'agent-1', { principals: ['paul', 'olga'] });
    const { facts, input } = gathered('migrate', {}, { known });
    expect(input.subject.principals).toMatchObject([{ person: 'paul', manager: 'maya' }, { person: 'olga' }]);
    expect(input.subject.principals[1]).not.toHaveProperty('manager');
    expect(facts['subject.principals']).toMatchObject({ source: 'registry:agents/agent-1@2 registry:people/paul@2' });
  });

  it('that an agent has no limits is one where money is asked for, and only there', () => {
    const known = new FakeRegistry();
    known.change('agents', 'agent-1', { limits: [] });
    const none = { value: [], source: 'registry:agents/agent-1@2', at: '2026-11-20T08:00:00.000Z' };
    expect(gathered('refund', {}, { known }).facts['subject.limits']).toStrictEqual(none);
    expect(gathered('migrate', {}, { known }).facts['subject.limits']).toBeUndefined();
  });

  it('the open window is one of the resource and the clock, whatever the agent names', () => {
    const claim = { context: { change: { window_id: 'mw-other', rollback_plan: 'x' } } };
    expect(gathered('migrate', claim).input.context.window).toMatchObject({ open: true, id: 'mw-saturday-night' });
    expect(gathered('migrate', claim, { now: outsideWindow }).input.context.window).toStrictEqual({ open: false });
    expect(gathered('refund').input.context.window).toStrictEqual({ open: false });
  });

  it('an incident is found by action, resource and clock, never by the name the agent gives', () => {
    const known = new FakeRegistry();
    known.put(anIncident());
    expect(gathered('quarantine', {}, { known }).input.context.incidents).toMatchObject([
      { id: 'INC-77', human: true, in_chain: false },
    ]);
    expect(gathered('refund', { context: { incident: 'INC-77' } }, { known }).input.context.incidents).toStrictEqual(
      [],
    );
    const late = new Date('2099-01-01T00:00:00.000Z');
    expect(
      gathered('quarantine', { context: { incident: 'INC-77' } }, { known, now: late }).input.context.incidents,
    ).toStrictEqual([]);
  });

  it.each([
    ['a person who is no lead', 'anna', { human: false }],
    ['a service', 'service:detector', { human: false }],
    ['the owner of the agent', 'olga', { in_chain: true }],
    ['its registrar', 'rita', { in_chain: true }],
  ])('an incident declared by %s says so', (_, by, what) => {
    const known = new FakeRegistry();
    known.put(anIncident({}, by));
    expect(gathered('quarantine', {}, { known }).input.context.incidents).toMatchObject([what]);
  });

  it('a lead who has left declares nothing', () => {
    const known = new FakeRegistry();
    known.put(anIncident());
    known.change('people', 'sam', { state: 'inactive' });
    expect(gathered('quarantine', {}, { known }).input.context.incidents).toMatchObject([{ human: false }]);
  });

  it('each requested field stands against the resource and the entitlements', () => {
    const fields = ['city', 'iban', 'health', 'nothing'];
    const { sharing } = gathered('share', { properties: { fields } }).input.context;
    expect(sharing?.fields).toStrictEqual([
      { name: 'city', known: true, classification: 'internal', secret: false, entitled: true },
      { name: 'iban', known: true, classification: 'internal', secret: true, entitled: false },
      { name: 'health', known: true, classification: 'restricted', secret: false, entitled: false },
      { name: 'nothing', known: false, secret: true, entitled: false },
    ]);
    const known = new FakeRegistry();
    known.change('counterparties', 'acme', { entitlements: ['secret'] });
    expect(
      gathered('share', { properties: { fields: ['iban'] } }, { known }).input.context.sharing?.fields,
    ).toMatchObject([{ entitled: true }]);
  });

  it('a changed entry changes the next input', () => {
    const known = new FakeRegistry();
    expect(gathered('share', {}, { known }).input.context.counterparty).toMatchObject({
      registered: true,
      approved: true,
    });
    known.change('counterparties', 'acme', { approved: false });
    expect(gathered('share', {}, { known }).input.context.counterparty).toMatchObject({ approved: false, version: 2 });
    expect(gathered('share', { properties: { counterparty: 'who' } }).input.context.counterparty).toStrictEqual({
      registered: false,
      id: 'who',
    });
  });

  it('the environments of a profile are those of the resources it covers', () => {
    const known = new FakeRegistry();
    const environments = (): unknown => gathered('migrate', {}, { known }).input.context.profile?.environments;
    expect(environments()).toStrictEqual(['production']);
    known.change('profiles', 'orders-ddl', { resources: ['prod/orders', 'staging/*'] });
    expect(environments()).toStrictEqual(['production', 'staging']);
    known.change('resources', 'staging/orders', { environment: 'development' });
    expect(environments()).toStrictEqual(['development', 'production']);
  });

  it('an agent past its time is expired by the database’s clock', () => {
    const known = new FakeRegistry();
    known.change('agents', 'agent-1', { expires_at: inWindow.toISOString() });
    expect(gathered('refund', {}, { known }).input.subject.expired).toBe(true);
    expect(gathered('refund', {}, { known, now: new Date(inWindow.getTime() - 1) }).input.subject.expired).toBe(false);
  });

  it('claims stay apart from facts', () => {
    const { input } = gathered('refund', {
      resource: { type: 'payments.ledger', id: 'payments/shop', properties: { environment: 'development' } },
    });
    expect(input.resource.environment).toBe('production');
    expect(input.claims.resource).toStrictEqual({ environment: 'development' });
  });

  it('without an entry there is nothing to judge', () => {
    const registry = new RegistryView(new FakeRegistry([anAgent()]).copy);
    const question = { actionId: 'a', agentId: 'agent-1', agentVersion: 1, digest: 'd', request: aRequest('refund') };
    const world = { registry, now: inWindow, counters, statementFacts: () => unparsed };
    expect(gather(question, world)).toMatchObject({ ok: false, code: 'unknown_resource' });
    expect(gather({ ...question, agentId: 'agent-2' }, world)).toMatchObject({ ok: false, code: 'agent_unregistered' });
  });
});
