import { describe, expect, it } from '@jest/globals';
import type { Facts, PolicyDecision, RequiredApproval } from '#contracts';
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
    excluded: [{ person: 'olga', why: 'owner' }],
    decidedAt: new Date('2026-11-21T22:00:00.000Z'),
  };
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
