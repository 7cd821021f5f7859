import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PolicyConfig, Verdict } from '#contracts';
import { gather } from '../../apps/policy/src/core/gather.js';
import { judge } from '../../apps/policy/src/core/verdict.js';
import type { Bundle } from '../../apps/policy/src/io/bundle.js';
import { PolicyEngine } from '../../apps/policy/src/io/policy-engine.js';
import { RegistryView } from '../../apps/policy/src/io/registry-view.js';
import { SqlParser } from '../../apps/policy/src/io/sql-parser.js';
import { anIncident, FakeRegistry, inWindow, outsideWindow } from '../../apps/policy/src/registry.fixture.js';
import { aRequest, type RequestChanges, type Story } from '../../apps/policy/src/requests.fixture.js';
import { readCases } from '../../tools/policies/cases.js';
import { compileBundle } from '../../tools/policies/compile.js';
import { findOpa } from '../../tools/policies/opa.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder('rules');
const file = join(scratch.dir, 'bundle.tar.gz');
const parser = new SqlParser();
let bundle: Bundle;

beforeAll(async () => {
  await parser.onModuleInit();
  bundle = await compileBundle(await findOpa(), file);
}, 60_000);

afterAll(() => {
  scratch.remove();
});

interface Situation {
  known?: FakeRegistry;
  now?: Date;
  config?: (config: PolicyConfig) => PolicyConfig;
}

/** A story through facts, rules and verdict. */
function verdictOf(
  story: Story,
  changes: RequestChanges = {},
  { known = new FakeRegistry(), now = inWindow, config = (c) => c }: Situation = {},
): Verdict {
  const registry = new RegistryView(known.copy);
  const question = {
    actionId: 'a',
    agentId: 'agent-1',
    agentVersion: 1,
    digest: 'd',
    request: aRequest(story, changes),
  };
  const counters = { velocity: 0, openReviews: [], spend: { ownMinor: 0, peopleMinor: 0 } };
  const gathered = gather(question, { registry, now, counters, statementFacts: (sql) => parser.facts(sql) });
  const engine = new PolicyEngine({ ...bundle, config: config(bundle.config) });
  const evaluated = gathered.ok ? engine.evaluate(gathered.input) : undefined;
  const { catalogue, digest: bundleDigest } = bundle;
  const bench = {
    gate: 'g',
    purpose: 'first' as const,
    registry,
    catalogue,
    secrets: bundle.config.secrets,
    bundleDigest,
    now,
    decidedAt: now,
  };
  return judge(question, gathered, evaluated?.ok === true ? evaluated.decision : undefined, bench).verdict;
}

const groupsOf = ({ plan }: Verdict): unknown => plan?.stages.map(({ stage, group, quorum }) => [stage, group, quorum]);
const stagesOf = ({ plan }: Verdict): unknown =>
  plan?.stages.map(({ stage, group, quorum, confirmations }) => [
    stage,
    group,
    quorum,
    confirmations.map(({ id }) => id),
  ]);
const denialsOf = ({ findings }: Verdict): string[] =>
  findings.filter(({ effect }) => effect === 'deny').map(({ code }) => code);
const rollback = { rollback_plan: 'ALTER TABLE orders DROP COLUMN note' };

describe('story 1, a database change', () => {
  it('inside the window wants one administrator, who confirms three points beside their facts', () => {
    const verdict = verdictOf('migrate', { context: { change: { ...rollback, window_id: 'mw-saturday-night' } } });
    expect(verdict).toMatchObject({
      outcome: 'require_approval',
      code: 'approved',
      grant: { ttl_seconds: 300, uses: 1 },
    });
    expect(stagesOf(verdict)).toStrictEqual([[1, 'dba', 1, ['rollback_plan', 'scope', 'window']]]);
    expect(verdict.plan?.stages[0]?.confirmations).toMatchObject([
      { id: 'rollback_plan', claim: rollback.rollback_plan, fact: { source: 'parser:postgresql' } },
      {
        id: 'scope',
        claim: 'because',
        fact: { value: { kinds: ['alter_table.add_column'], tables: ['orders'], destructive: false } },
      },
      { id: 'window', claim: 'mw-saturday-night', fact: { value: { open: true, id: 'mw-saturday-night' } } },
    ]);
    expect(verdict.exp).toBe(Math.floor(inWindow.getTime() / 1_000) + 14_400 + 300);
  });

  it('outside the window wants two; a claimed window that is not the fact, or no rollback plan, is denied', () => {
    expect(groupsOf(verdictOf('migrate', {}, { now: outsideWindow }))).toStrictEqual([[1, 'dba', 2]]);
    const claimed = { context: { change: { ...rollback, window_id: 'mw-saturday-night' } } };
    expect(verdictOf('migrate', claimed, { now: outsideWindow })).toMatchObject({
      outcome: 'deny',
      code: 'claim_contradicts_fact',
    });
    const planless = verdictOf('migrate', { context: { change: {} } });
    expect([planless.code, denialsOf(planless)]).toStrictEqual(['policy_denied', ['rollback_plan_missing']]);
  });

  it('a drop is decided twice, and so is what nobody can read', () => {
    for (const statement of ['DROP TABLE orders', 'no sql at all']) {
      expect(groupsOf(verdictOf('migrate', { properties: { statement } }))).toStrictEqual([[1, 'dba', 1], [2, 'security', 1]]); // prettier-ignore
    }
  });

  it('a staging request with a production profile is denied, unless that rule is off', () => {
    const staging = { resource: { type: 'postgres.database', id: 'staging/orders' } };
    const known = new FakeRegistry();
    known.change('agents', 'agent-1', { environment: 'staging' });
    expect(denialsOf(verdictOf('migrate', staging, { known }))).toStrictEqual(['profile_of_other_environment']);
    const off = (config: PolicyConfig): PolicyConfig => ({
      ...config,
      rules: { ...config.rules, 'XENV-001': { mode: 'off' } },
    });
    expect(verdictOf('migrate', staging, { known, config: off })).toMatchObject({
      outcome: 'allow',
      grant: { profile: { id: 'orders-ddl' } },
    });
  });
});

describe('story 2, sharing data', () => {
  it('waits for security, who confirms secrets, entitlements and the third party', () => {
    const verdict = verdictOf('share');
    expect(stagesOf(verdict)).toStrictEqual([[1, 'security', 1, ['entitlements', 'secrets', 'third_party']]]);
    expect(verdict.plan?.stages[0]?.confirmations.map(({ fact }) => fact?.source)).toStrictEqual([
      'registry:resources/prod/customers@1 registry:counterparties/acme@1',
      'registry:resources/prod/customers@1 registry:counterparties/acme@1',
      'registry:counterparties/acme@1',
    ]);
  });

  it.each([
    ['an unapproved supplier', 'supplier_not_approved', {}, { approved: false }],
    ['no agreement', 'agreement_missing', {}, { dpa: false }],
    ['a restricted field', 'field_class_not_allowed', { fields: ['health'] }, {}],
    ['a secret field without entitlement', 'secret_not_entitled', { fields: ['iban'] }, {}],
    ['an unregistered supplier', 'supplier_unknown', { counterparty: 'who' }, {}],
  ])('%s is denied', (_, code, properties, party) => {
    const known = new FakeRegistry();
    known.change('counterparties', 'acme', party);
    expect(denialsOf(verdictOf('share', { properties }, { known }))).toStrictEqual([code]);
  });
});

describe('story 3, a payment', () => {
  it('under the agent’s limit is allowed; above wants finance with the authority; far above two directors', () => {
    expect(verdictOf('refund')).toMatchObject({ outcome: 'allow', code: 'policy_allowed' });
    const above = verdictOf('refund', { properties: { amount_minor: 6_000 } });
    expect(above.plan?.stages).toMatchObject([
      { group: 'finance', quorum: 1, min_limit: { amount_minor: 6_000, currency: 'EUR' } },
    ]);
    const far = verdictOf('refund', { properties: { amount_minor: 1_500_000 } });
    expect(far.plan?.stages).toMatchObject([{ group: 'finance-directors', quorum: 2 }]);
  });

  it('to a payee that nobody registered goes to people', () => {
    expect(stagesOf(verdictOf('refund', { properties: { payee: 'stranger' } }))).toMatchObject([
      [1, 'finance', 1, ['payee']],
    ]);
  });

  it('is never decided by those behind the agent or by who gains', () => {
    const known = new FakeRegistry();
    known.change('agents', 'agent-1', { principals: ['anna'] });
    const verdict = verdictOf('refund', { properties: { amount_minor: 6_000, payee: 'paul' } }, { known });
    expect(verdict.plan?.excluded).toStrictEqual([
      { person: 'olga', why: 'owner' },
      { person: 'rita', why: 'registrar' },
      { person: 'anna', why: 'in_delegation_chain' },
      { person: 'paul', why: 'excluded' },
    ]);
  });
});

describe('story 4, an incident', () => {
  it('quarantine waits for the lead; a declared incident releases it, short, told and reviewed', () => {
    expect(groupsOf(verdictOf('quarantine'))).toStrictEqual([[1, 'soc-lead', 1]]);
    const known = new FakeRegistry();
    known.put(anIncident());
    expect(verdictOf('quarantine', { access: { ttl_seconds: 900 } }, { known })).toMatchObject({
      outcome: 'allow',
      code: 'emergency_rule',
      grant: { ttl_seconds: 300, uses: 1 },
      obligations: {
        notify: ['security-officers', 'soc-lead'],
        review: { rule: 'EMERG-001', group: 'soc-lead', due_seconds: 86_400, incident: 'INC-77' },
      },
    });
  });

  it('a claimed incident that is not declared is denied', () => {
    expect(verdictOf('quarantine', { context: { incident: 'INC-77' } })).toMatchObject({
      outcome: 'deny',
      code: 'claim_contradicts_fact',
    });
  });
});

describe('every golden case', () => {
  it('that asks people gives them a plan that they could carry out', () => {
    const asking = readCases().filter(({ expect: { decision } }) => decision === 'require_approval');
    const ids = new Set(
      Object.values(bundle.catalogue).flatMap(({ confirmations }) => confirmations.map(({ id }) => id)),
    );
    const engine = new PolicyEngine(bundle);
    expect(asking.length).toBeGreaterThan(30);
    for (const { input, name } of asking) {
      const answer = engine.evaluateUnchecked(input);
      const points = answer.ok
        ? answer.decision.obligations.approvals.flatMap(({ confirmations }) => confirmations)
        : ['no answer'];
      expect([name, points.filter((id) => !ids.has(id))]).toStrictEqual([name, []]);
    }
  });
});

describe('an engine that fails', () => {
  it('is a visible no', () => {
    const known = new FakeRegistry();
    const verdict = verdictOf('refund', { context: { justification: '\ud800' } }, { known });
    expect(verdict).toMatchObject({ outcome: 'deny', code: 'engine_error', findings: [] });
    expect(verdict.grant).toBeUndefined();
  });
});
