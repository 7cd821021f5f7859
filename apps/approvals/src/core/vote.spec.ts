import { describe, expect, it } from '@jest/globals';
import type { VoteBody } from '#contracts';
import { accessAfter, considerVote, countVote, type VoteCase } from './vote.js';
import { at, bodyOf, circleOf, decider, groupOf, heldOf, planOf, stageOf, viewDigest } from './plan.fixture.js';

const points = [
  { id: 'scope', text: 'the scope is right' },
  { id: 'window', text: 'the window is right' },
];
const first = stageOf({ confirmations: points });
const second = stageOf({ stage: 2, group: 'security', quorum: 2 });
const plan = planOf([second, first]);
const circle = circleOf(plan, [groupOf('dba', ['anna', 'olga']), groupOf('security', ['zoe', 'yan'])]);
const secrets = {
  names: ['pin'],
  usual: 'masked',
  groups: [],
  texts: { masked: 'sha256:m', digest: 'sha256:d' },
} as const;
const secretCircle = { ...circle, plan: { ...plan, secrets: { ...secrets, names: [...secrets.names], groups: [] } } };
const all = { confirmed: ['scope', 'window'] };

const caseOf = (more: Partial<Omit<VoteCase, 'held'>> & { held?: Partial<VoteCase['held']> } = {}): VoteCase => ({
  person: decider('anna'),
  circle,
  planNo: 1,
  viewDigest,
  variant: 'full',
  voted: false,
  ...more,
  held: heldOf(more.held),
});

describe('what stands against a vote', () => {
  it.each<[string, VoteBody, VoteCase, object]>([
    ['nothing', bodyOf(all), caseOf(), { ok: true, stage: { stage: 1 }, group: { id: 'dba' } }],
    ['a decided request', bodyOf(all), caseOf({ held: { state: 'granted' } }), { code: 'already_decided' }],
    ['an expired request', bodyOf(all), caseOf({ held: { state: 'expired' } }), { code: 'expired' }],
    ['the deadline itself', bodyOf(all), caseOf({ held: { now: at(3_600) } }), { code: 'expired' }],
    ['a plan that was replaced', bodyOf(all), caseOf({ held: { planNo: 2 } }), { code: 'view_changed' }],
    ['a view that is not this one', bodyOf({ ...all, view_digest: 'sha256:x' }), caseOf(), { code: 'view_changed' }],
    [
      'a view that shows more than the group of the seat is shown',
      bodyOf(all),
      caseOf({ circle: secretCircle }),
      { code: 'view_changed' },
    ],
    ['a point not confirmed', bodyOf({ confirmed: ['scope'] }), caseOf(), { code: 'confirmation_missing' }],
    [
      'a point that does not exist',
      bodyOf({ confirmed: ['scope', 'window', 'x'] }),
      caseOf(),
      { code: 'schema_mismatch' },
    ],
    ['the chain', bodyOf(all), caseOf({ person: decider('olga') }), { code: 'not_eligible', why: 'owner' }],
    ['a vote before', bodyOf(all), caseOf({ voted: true }), { code: 'not_eligible', why: 'already_voted' }],
    [
      'a vote before, in a stage that is over',
      bodyOf(),
      caseOf({ voted: true, held: { stage: 2, openStages: [2] } }),
      { code: 'not_eligible', why: 'already_voted' },
    ],
    ['a later stage', bodyOf(all), caseOf({ person: decider('zoe') }), { code: 'not_eligible', why: 'not_in_group' }],
    ['no point, for a no', bodyOf({ decision: 'deny' }), caseOf(), { ok: true }],
    ['a later stage, for a no', bodyOf({ decision: 'deny' }), caseOf({ person: decider('zoe') }), { ok: true }],
    [
      'a view that is not this one, for a no',
      bodyOf({ decision: 'deny', view_digest: 'sha256:x' }),
      caseOf(),
      { code: 'view_changed' },
    ],
  ])('%s', (_, body, vote, expected) => {
    expect(considerVote(body, vote)).toMatchObject(expected);
  });

  it('one millisecond before the deadline is in time', () => {
    const now = new Date(at(3_600).getTime() - 1);
    expect(considerVote(bodyOf(all), caseOf({ held: { now } }))).toMatchObject({ ok: true });
  });
});

const atOnce = { ...plan, parallel: true as const };
const yes = (...stages: number[]) => stages.map((stage) => ({ stage, decision: 'approve' as const }));

describe('what a vote leads to', () => {
  it.each<[string, Parameters<typeof countVote>, object]>([
    ['a no ends it at once', [plan, first, { decision: 'deny', before: [] }], { then: 'denied' }],
    ['the first stage is complete', [plan, first, { decision: 'approve', before: [] }], { then: 'next_stage', stage: { stage: 2 } }],
    ['one of two', [plan, second, { decision: 'approve', before: yes(1) }], { then: 'waits' }],
    ['two of two', [plan, second, { decision: 'approve', before: yes(1, 2) }], { then: 'granted' }],
    ['a no of the last one', [plan, second, { decision: 'deny', before: yes(1, 2) }], { then: 'denied' }],
    ['one of several at once', [atOnce, first, { decision: 'approve', before: [] }], { then: 'waits', open: [second] }],
    ['half of another of them', [atOnce, second, { decision: 'approve', before: [] }], { then: 'waits' }],
    ['the last of them', [atOnce, first, { decision: 'approve', before: yes(2, 2) }], { then: 'granted' }],
  ])('%s', (_, args, expected) => {
    expect(countVote(...args)).toMatchObject(expected);
  }); // prettier-ignore
});

describe('what is granted', () => {
  const grant = { ttl_seconds: 300, uses: 3 };
  it.each<[string, Parameters<typeof accessAfter>[1], object]>([
    ['what the verdict says, when nobody says less', [undefined, {}], grant],
    [
      'the least of all',
      [{ ttl_seconds: 120 }, { ttl_seconds: 60, uses: 2 }, { uses: 1 }],
      { ttl_seconds: 60, uses: 1 },
    ],
    ['never more than the verdict says', [{ ttl_seconds: 900, uses: 9 }], grant],
  ])('%s', (_, caps, expected) => {
    expect(accessAfter(grant, caps)).toEqual(expected);
  });
});
