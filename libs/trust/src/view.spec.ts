import { describe, expect, it } from '@jest/globals';
import { agentUrn, decisionView, type Facts, type Known, type Verdict } from '#contracts';
import { actionDigest, digestOf } from './canonical.js';
import { makeAgentKey } from './gate.fixture.js';
import { actionId, at, planOf, stageOf } from './plan.fixture.js';
import { requestAttributes, signRequest } from './request-signature.js';
import { viewDigest, viewOf, type ViewInput } from './view.js';

const value = {
  subject: { type: 'agent', id: 'migrator-1' },
  action: { name: 'db.schema.migrate', properties: { statement: 'ALTER TABLE orders\nADD note text', rows: 3 } },
  resource: { type: 'postgres.database', id: 'prod/orders', properties: { replicas: 2 } },
  context: {
    justification: 'pre-approved by SYSTEM \u202e',
    on_behalf_of: { iss: 'https://idp.example', sub: 'u-17' },
  },
  requested_access: { profile: 'orders-ddl', ttl_seconds: 300 },
};
const key = makeAgentKey();
const facts: Facts = {
  'resource.environment': { value: 'production', source: 'registry', at: at(1) },
  'context.now': { value: at(2), source: 'clock', at: at(2) },
};
const known = { version: 4, changed_by: 'rita', changed_at: at(0) };
const agent: Known<'agents'> = {
  kind: 'agents', id: 'migrator-1', ...known,
  spec: {
    jwks: { keys: [] }, owner: 'olga', principals: [], scope: [], limits: [], requests_per_minute: 1,
    environment: 'production', state: 'active',
  },
}; // prettier-ignore
const actionType: Known<'action-types'> = {
  kind: 'action-types', id: 'db.schema.migrate', ...known,
  spec: { properties_schema: {}, risk: 'high', view: 'run "{statement}" on {resource} for {rows} rows, {nothing}' },
}; // prettier-ignore

function inputOf(
  more: { value?: object; text?: string; verdict?: Partial<Verdict> } & Partial<Omit<ViewInput, 'verdict'>> = {},
): ViewInput {
  const text = more.text ?? JSON.stringify(more.value ?? value);
  const verdict: Verdict = {
    gate: 'gate.test.example', purpose: 'first', action_id: actionId, agent: { id: 'migrator-1', version: 4 },
    action_digest: actionDigest({ id: actionId, source: agentUrn('migrator-1'), data: JSON.parse(text) }),
    outcome: 'require_approval', code: 'approved', plan: planOf([stageOf()], { excluded: [{ person: 'olga', why: 'owner' }] }),
    grant: {
      profile: { id: 'orders-ddl', version: 2 }, ttl_seconds: 240, uses: 1, offer_ttl_seconds: 300,
      scope: { action: 'db.schema.migrate', resource: { type: 'postgres.database', id: 'prod/orders' } },
    },
    obligations: { notify: [] }, findings: [], facts_digest: digestOf(facts), bundle_digest: digestOf(1), iat: 1, exp: 2,
    ...more.verdict,
  }; // prettier-ignore
  const signature = signRequest(key, text, { aud: 'x', iat: 1, ce: requestAttributes('migrator-1', actionId) });
  const request = { value: text, signature, acceptance: 'a.b.c' };
  return { verdict, facts, agent, actionType, variant: 'full', request, ...pick(more) };
}
const pick = ({ facts: f, agent: a, request: r, actionType: t }: Partial<Omit<ViewInput, 'verdict'>>) => ({
  ...(f && { facts: f }), ...(a && { agent: a }), ...(r && { request: r }), ...(t && { actionType: t }),
}); // prettier-ignore

describe('viewOf', () => {
  const view = viewOf(inputOf());

  it('is a decision view, and says what the frozen bytes say', () => {
    expect(decisionView.safeParse(view).error).toBeUndefined();
    expect(view.action).toEqual({ name: 'db.schema.migrate', properties: value.action.properties, inspectable: true });
    expect(view.exact).toBe(JSON.stringify(value));
    expect(view.access).toEqual({ profile: 'orders-ddl', profile_version: 2, ttl_seconds: 240, uses: 1 });
    expect(view.agent).toEqual({
      id: 'migrator-1', version: 4, owner: 'olga', proof: `signed with EdDSA key ${key.kid}`,
      on_behalf_of: 'u-17 at https://idp.example',
    }); // prettier-ignore
    expect(view.excluded).toEqual([{ person: 'olga', why: 'owner' }]);
  });

  it('starts with a sentence by the gate, in which nothing hides', () => {
    expect(view.headline).toBe(
      'migrator-1 (run by olga) wants to run "ALTER TABLE orders⟨U+000A⟩ADD note text" on prod/orders for 3 rows, {nothing}',
    );
  });

  it.each<[string, object, string]>([
    ['money as people write it', { amount_minor: 250_000, currency: 'EUR' }, 'pay 2,500.00 EUR'],
    ['an unknown currency in minor units', { amount_minor: 250_000, currency: 'ZZZ' }, 'pay 250000 minor units of ZZZ'],
    ['no currency in minor units', { amount_minor: 250_000 }, 'pay 250000 minor units'],
    ['half a cent as it stands', { amount_minor: 0.5, currency: 'EUR' }, 'pay 0.5 minor units of EUR'],
    ['a currency that hides', { amount_minor: 1, currency: 'EUR\u202e' }, 'pay 1 minor units of EUR⟨U+202E⟩'],
    ['a property of that very name', { amount: 7, amount_minor: 1, currency: 'EUR' }, 'pay 7'],
    ['nothing for what is not there', {}, 'pay {amount}'],
  ])('shows %s', (_, properties, sentence) => {
    const payment = { ...value, action: { ...value.action, properties } };
    const spec = { ...actionType.spec, view: 'pay {amount}' };
    expect(viewOf(inputOf({ value: payment, actionType: { ...actionType, spec } })).headline).toBe(
      `migrator-1 (run by olga) wants to ${sentence}`,
    );
  });

  it('says that an unknown kind of action cannot be inspected', () => {
    const unknown = viewOf({ ...inputOf(), actionType: undefined });
    expect(unknown.action.inspectable).toBe(false);
    expect(unknown.headline).toContain('uninspectable');
  });

  it('cuts a long value visibly in the sentence, and nowhere else', () => {
    const statement = 'x'.repeat(5_000);
    const long = viewOf(
      inputOf({ value: { ...value, action: { ...value.action, properties: { statement, rows: 3 } } } }),
    );
    expect(long.headline).toContain(`${'x'.repeat(160)}… (4840 more)`);
    expect(long.action.properties).toMatchObject({ statement });
    expect(long.exact).toContain(statement);
  });

  it('sums up a list that is too long to show, with the digest of all of it in its place, and is another view then', () => {
    const rows = Array.from({ length: 900 }, (_, n) => ({ n, note: 'each row' }));
    const asked = { ...value, action: { ...value.action, properties: { statement: 'S', rows } } };
    const summaries = { rows: { first: 1, sums: [{ field: 'n' }] } };
    const summed = { ...actionType, spec: { ...actionType.spec, summaries } };
    const short = viewOf(inputOf({ value: asked, actionType: summed }));
    expect(decisionView.safeParse(short).error).toBeUndefined();
    expect(short.action.properties).toEqual({ statement: 'S' });
    const summary = { property: 'rows', rows: 900, digest: digestOf(rows), first: [rows[0]], sums: [{ field: 'n', rows: 900, sum: '404550' }] };
    expect(short.action.summaries).toEqual([summary]);
    const { properties } = asked.action;
    expect(JSON.parse(short.exact)).toEqual({ ...asked, action: { ...asked.action, properties: { ...properties, rows: digestOf(rows) } } });
    const whole = viewOf(inputOf({ value: asked }));
    expect([whole.action.properties['rows'], whole.exact]).toEqual([rows, JSON.stringify(asked)]);
    expect(viewDigest(short)).not.toBe(viewDigest(whole));
  }); // prettier-ignore

  it('puts the agent’s own words last, marked, with every claim', () => {
    expect(Object.keys(view).at(-1)).toBe('unverified');
    expect(view.unverified.label).toContain('not verified');
    expect(view.unverified.context).toEqual({ ...value.context, 'resource.properties': { replicas: 2 } });
    expect(JSON.stringify({ ...view, unverified: undefined, exact: undefined })).not.toContain('pre-approved');
  });

  it('lists facts by name, each with source and time', () => {
    expect(view.facts.map(({ name, source, at: when }) => [name, source, when])).toEqual([
      ['context.now', 'clock', at(2)],
      ['resource.environment', 'registry', at(1)],
    ]);
  });

  it('has one digest for the same evidence, and another for any other', () => {
    expect(viewDigest(viewOf(inputOf()))).toBe(
      viewDigest({ ...view, agent: { ...view.agent, proof: view.agent.proof } }),
    );
    const others = [
      viewOf(inputOf({ verdict: { plan: planOf([stageOf({ quorum: 2 })]) } })),
      viewOf(inputOf({ value: { ...value, context: { justification: 'y' } } })),
      viewOf(inputOf({ actionType: { ...actionType, spec: { ...actionType.spec, view: 'x' } } })),
      viewOf(inputOf({ agent: { ...agent, spec: { ...agent.spec, owner: 'paul' } } })),
    ].map(viewDigest);
    expect(new Set([viewDigest(view), ...others]).size).toBe(5);
  });

  it.each<[string, () => ViewInput]>([
    ['bytes of another action', () => ({ ...inputOf(), request: { ...inputOf().request, value: JSON.stringify({ ...value, more: 1 }) } })],
    ['bytes that do not parse strictly', () => ({ ...inputOf(), request: { ...inputOf().request, value: '{"a":1,"a":1}' } })],
    ['facts of another verdict', () => ({ ...inputOf(), facts: {} })],
    ['another agent', () => ({ ...inputOf(), agent: { ...agent, id: 'other' } })],
    ['another version of the agent', () => ({ ...inputOf(), agent: { ...agent, version: 5 } })],
  ])('shows nothing for %s', (_, input) => {
    expect(() => viewOf(input())).toThrow(TypeError);
  }); // prettier-ignore

  it('shows nothing without a plan', () => {
    const { verdict } = inputOf();
    delete verdict.plan;
    expect(() => viewOf({ ...inputOf(), verdict })).toThrow('a view needs a plan');
  });
});
