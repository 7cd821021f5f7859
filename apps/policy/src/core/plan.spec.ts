import { describe, expect, it } from '@jest/globals';
import type { Facts, Known, PolicyDecision, PolicyInput, RegistryKind, RequiredApproval } from '#contracts';
import type { Catalogue } from './catalogue.js';
import { planOf, type PlanInput } from './plan.js';

const catalogue: Catalogue = {
  'DB-001': {
    title: 't', severity: 'high', controls: ['c'],
    confirmations: [
      { id: 'window', text: 'The moment is right', fact: 'context.window', claim: 'change.window_id' },
      { id: 'scope', text: 'Nothing more' },
    ],
  },
}; // prettier-ignore
const facts: Facts = { 'context.window': { value: { open: true }, source: 'clock', at: '2026-11-21T22:30:00.000Z' } };
const wanted = (over: Partial<RequiredApproval> = {}): RequiredApproval => ({
  stage: 1, group: 'dba', quorum: 1, confirmations: ['window'], exclude: [], ...over,
}); // prettier-ignore

const principal = (person: string, manager?: string): PolicyInput['subject']['principals'][number] => ({
  person, active: true, identities: [], ...(manager !== undefined && { manager }),
}); // prettier-ignore
const known = (...principals: PolicyInput['subject']['principals']): PlanInput['known'] => ({
  subject: {
    type: 'agent', id: 'a', version: 1, owner: { person: 'olga', active: true }, principals, scope: [], limits: [],
    environment: 'production', state: 'active', expired: false, outside_access: [],
  },
  resource: {
    type: 't', id: 'prod/orders', version: 1, environment: 'production', owner_group: 'shop', classification: 'internal',
    criticality: 'low',
  },
}); // prettier-ignore

const members: Record<string, string[]> = {
  dba: ['anna', 'ben', 'olga'],
  tired: ['ines', 'olga'],
  lead: ['lea'],
  deaf: ['anna', 'ben'],
};
const limits = [{ amount_minor: 100, currency: 'EUR' }];
/** Everybody is active but `ines`, and nobody but `anna` may spend. */
const registry: PlanInput['registry'] = {
  get: <K extends RegistryKind>(kind: K, id: string) => {
    const by = { kind, id, version: 1, changed_by: 'rita', changed_at: '2026-11-01T00:00:00.000Z' };
    const person = { identities: [], name: id, limits: id === 'anna' ? limits : [], state: id === 'ines' ? 'inactive' : 'active' };
    const channel = id === 'deaf' ? {} : { mail: `${id}@example.test` };
    const group = members[id];
    const spec = kind === 'people' ? person : group && { members: group, channel };
    return (spec && { ...by, spec }) as Known<K> | undefined;
  },
}; // prettier-ignore

function input(approvals: RequiredApproval[], over: Partial<PolicyDecision['obligations']> = {}): PlanInput {
  const obligations = {
    approvals, approval_ttl_s: 3_600, credential: { ttl_s: 1, max_uses: 1 }, offer_ttl_s: 300, post_review: [], notify: [], ...over,
  }; // prettier-ignore
  const claims = { justification: 'j', change: { window_id: 'mw' } };
  return {
    obligations,
    catalogue,
    claims,
    facts,
    known: known(),
    registry,
    excluded: [{ person: 'olga', why: 'owner' }],
    decidedAt: new Date('2026-11-21T22:00:00.000Z'),
    now: new Date('2026-11-21T22:10:00.000Z'),
  };
}

/** What a rule wants of whoever it names, and of no group. */
function from(...sources: NonNullable<RequiredApproval['from']>): RequiredApproval {
  const { group, ...rest } = wanted();
  return group === undefined ? rest : { ...rest, from: sources };
}

describe('a plan', () => {
  it('numbers its stages in the order that the rules gave, one group each', () => {
    const plan = planOf(
      input([wanted({ stage: 1, group: 'a' }), wanted({ stage: 1, group: 'b' }), wanted({ stage: 7, group: 'c' })]),
    );
    expect(plan?.stages.map(({ stage, group }) => [stage, group])).toStrictEqual([[1, 'a'], [2, 'b'], [3, 'c']]); // prettier-ignore
  });

  it('puts each point beside its fact and its claim', () => {
    const plan = planOf(input([wanted({ confirmations: ['window', 'scope'] })]));
    expect(plan?.stages[0]?.confirmations).toStrictEqual([
      { id: 'window', text: 'The moment is right', claim: 'mw', fact: facts['context.window'] },
      { id: 'scope', text: 'Nothing more' },
    ]);
  });

  it('waits until its deadline from the first verdict on, and at most a week', () => {
    expect(planOf(input([wanted()]))?.deadline_at).toBe('2026-11-21T23:00:00.000Z');
    expect(planOf(input([wanted()], { approval_ttl_s: 99_999_999 }))?.deadline_at).toBe('2026-11-28T22:00:00.000Z');
  });

  it('adds to the host’s exclusions and takes none away', () => {
    const plan = planOf(input([wanted({ exclude: ['olga', 'paul'] })]));
    expect(plan?.excluded).toStrictEqual([{ person: 'olga', why: 'owner' }, { person: 'paul', why: 'excluded' }]); // prettier-ignore
  });

  it('lets further groups say no, each once, and none that decides anyway', () => {
    const approvals = [wanted(), wanted({ stage: 2, group: 'security' })];
    expect(planOf(input(approvals, { veto: ['soc-lead', 'dba', 'legal', 'soc-lead'] }))?.veto).toStrictEqual(['legal', 'soc-lead']); // prettier-ignore
    expect(planOf(input(approvals, { veto: ['security'] }))).not.toHaveProperty('veto');
    expect(planOf(input([], { veto: ['soc-lead'] }))).toBeUndefined();
  });

  it('asks for security keys where a rule does', () => {
    expect(planOf(input([wanted()], { step_up: true }))?.step_up).toBe(true);
    expect(planOf(input([wanted()]))?.step_up).toBe(false);
  });

  it.each([
    ['nobody', []],
    ['a quorum of nought', [wanted({ quorum: 0 })]],
    ['half a person', [wanted({ quorum: 1.5 })]],
    ['fewer than nobody', [wanted({ quorum: -1 })]],
    ['a crowd', [wanted({ quorum: 21 })]],
    ['one possible and one impossible stage', [wanted(), wanted({ stage: 2, quorum: 0 })]],
    ['a point that nobody described', [wanted({ confirmations: ['window', 'unheard_of'] })]],
  ])('of %s is none', (_, approvals) => {
    expect(planOf(input(approvals))).toBeUndefined();
  });

  it.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('without time (%p s) is none', (seconds) => {
    expect(planOf(input([wanted()], { approval_ttl_s: seconds }))).toBeUndefined();
  });
});

describe('whose people decide', () => {
  const sources = (approval: RequiredApproval, ...principals: PolicyInput['subject']['principals']) =>
    planOf({ ...input([approval]), known: known(...principals) })?.stages[0]?.from;

  it('is whoever the rule names, the owner group of the resource, the manager of the principal', () => {
    const all = from({ group: 'dba' }, { person: 'nora' }, { owner_group: true }, { manager: true });
    expect(sources(all, principal('paul', 'maya'))).toStrictEqual([
      { group: 'dba' },
      { person: 'nora' },
      { group: 'shop', owner_of: 'prod/orders' },
      { person: 'maya', manager_of: 'paul' },
    ]);
  });

  it('is one manager: that of all principals, where there are several', () => {
    const both = sources(from({ manager: true }), principal('paul', 'maya'), principal('petra', 'maya'));
    expect(both).toStrictEqual([{ person: 'maya', manager_of: 'paul' }]);
  });

  it.each<[string, RequiredApproval, PolicyInput['subject']['principals']]>([
    ['a manager of nobody', from({ manager: true }), []],
    ['a manager that there is not', from({ manager: true }), [principal('paul')]],
    ['a manager beside a group, that there is not', from({ group: 'dba' }, { manager: true }), [principal('paul')]],
    ['two managers', from({ manager: true }), [principal('paul', 'maya'), principal('petra', 'max')]],
    ['a manager of one of two', from({ manager: true }), [principal('paul', 'maya'), principal('petra')]],
    ['nobody', from(), []],
    ['people in two ways', { ...from({ group: 'dba' }), group: 'dba' }, []],
    ['more than anybody can read', from(...Array.from({ length: 21 }, (_, i) => ({ person: `p${String(i)}` }))), []],
  ])('and %s is no plan, and no smaller one', (_, approval, principals) => {
    expect(planOf({ ...input([wanted(), approval]), known: known(...principals) })).toBeUndefined();
  });
});

describe('the time of a stage, and the next group', () => {
  const first = (approval: RequiredApproval, over = {}) => planOf(input([approval], over));
  const escalate = { after_s: 600, to: 'lead' };

  it('begin when the plan is made', () => {
    expect(first(wanted({ deadline_s: 900, escalate }))).toMatchObject({
      begins_at: '2026-11-21T22:10:00.000Z',
      stages: [{ deadline_seconds: 900, escalate: { after_seconds: 600, to: 'lead' } }],
    });
    expect(first(wanted())).not.toHaveProperty('begins_at');
  });

  it('are given up where the time would be over before', () => {
    expect(first(wanted({ deadline_s: 600, escalate }))?.stages[0]).not.toHaveProperty('escalate');
    expect(first(wanted({ escalate }), { approval_ttl_s: 600 })?.stages[0]).not.toHaveProperty('escalate');
    expect(first(wanted({ escalate }), { approval_ttl_s: 601 })?.stages[0]).toHaveProperty('escalate');
  });

  it.each<[string, Partial<RequiredApproval>, number]>([
    ['enough people', { quorum: 2 }, 600],
    ['one too few, with one excluded', { quorum: 3 }, 0],
    ['one of two inactive, one excluded', { group: 'tired' }, 0],
    ['a group that nobody knows', { group: 'ghosts' }, 0],
    ['a group that is never told', { group: 'deaf' }, 0],
    ['enough for the sum', { min_limit: { amount_minor: 100, currency: 'EUR' } }, 600],
    ['too few for the sum', { min_limit: { amount_minor: 101, currency: 'EUR' } }, 0],
  ])('come at once where the people are too few: %s', (_, more, seconds) => {
    expect(first(wanted({ ...more, escalate }))?.stages[0]?.escalate).toStrictEqual({ after_seconds: seconds, to: 'lead' });
  }); // prettier-ignore

  it('come at once where an earlier stage needs the same people', () => {
    const stages = planOf(input([wanted({ quorum: 2 }), wanted({ stage: 2, escalate })]))?.stages;
    expect(stages?.[1]?.escalate).toStrictEqual({ after_seconds: 0, to: 'lead' });
    expect(planOf(input([wanted(), wanted({ stage: 2, escalate })]))?.stages[1]?.escalate?.after_seconds).toBe(600);
  });

  it.each([0, -1, 0.5, Number.NaN])('of %p s are no plan', (seconds) => {
    expect(first(wanted({ deadline_s: seconds }))).toBeUndefined();
    expect(first(wanted({ escalate: { after_s: seconds, to: 'lead' } }))).toBeUndefined();
  });
});

it('asks all stages at once where no rule wants an order, and there are several', () => {
  const two = [wanted(), wanted({ stage: 2, group: 'lead' })];
  expect(planOf(input(two, { parallel: true }))?.parallel).toBe(true);
  expect(planOf(input(two))).not.toHaveProperty('parallel');
  expect(planOf(input([wanted()], { parallel: true }))).not.toHaveProperty('parallel');
});
