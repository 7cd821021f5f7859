import { describe, expect, it } from '@jest/globals';
import type { Plan, Stage } from '#contracts';
import type { Decider } from './decider.js';
import { whyPlanCannotStand } from './plan.js';
import { at, decider, planOf, stageOf } from './plan.fixture.js';

const eur = (amount_minor: number) => ({ amount_minor, currency: 'EUR' });

const people: Record<string, Decider[]> = {
  dba: [decider('anna'), decider('ben'), decider('olga')],
  finance: [decider('fay', { limits: [eur(100)] }), decider('gus', { limits: [eur(5_000)] })],
  directors: [decider('dora')],
  asleep: [decider('ines', { state: 'inactive' })],
  'person:nora': [decider('nora')],
};
const why = (plan: Plan) => whyPlanCannotStand(plan, (group) => people[group] ?? []);

const timed = (stage: Stage): Plan => planOf([stage], { begins_at: at(0).toISOString() });

describe('a plan stands only when every seat can be filled by a person of its own', () => {
  it.each<[string, Plan, ReturnType<typeof why>]>([
    ['one of three', planOf([stageOf()]), undefined],
    ['as many as there are', planOf([stageOf({ quorum: 3 })]), undefined],
    ['more than there are', planOf([stageOf({ quorum: 4 })]), 'no_eligible_approver'],
    ['an empty group', planOf([stageOf({ group: 'nobody' })]), 'no_eligible_approver'],
    ['only inactive people', planOf([stageOf({ group: 'asleep' })]), 'no_eligible_approver'],
    [
      'one excluded',
      planOf([stageOf({ quorum: 3 })], { excluded: [{ person: 'olga', why: 'owner' }] }),
      'no_eligible_approver',
    ],
    ['a limit that one reaches', planOf([stageOf({ group: 'finance', min_limit: eur(5_000) })]), undefined],
    [
      'a limit that one reaches, for two',
      planOf([stageOf({ group: 'finance', quorum: 2, min_limit: eur(5_000) })]),
      'no_eligible_approver',
    ],
    [
      'a limit in another currency',
      planOf([stageOf({ group: 'finance', min_limit: { amount_minor: 1, currency: 'USD' } })]),
      'no_eligible_approver',
    ],
    [
      'two stages of the same single director',
      planOf([stageOf({ group: 'directors' }), stageOf({ stage: 2, group: 'directors' })]),
      'no_eligible_approver',
    ],
    [
      'stages that need a swap: the only one of stage 2 must not be used up by stage 1',
      planOf([
        stageOf({ group: 'finance', quorum: 1 }),
        stageOf({ stage: 2, group: 'finance', min_limit: eur(5_000) }),
      ]),
      undefined,
    ],
    ['a named person', planOf([stageOf({ from: [{ person: 'nora' }] })]), undefined],
    ['a named person whom nobody knows', planOf([stageOf({ from: [{ person: 'nemo' }] })]), 'no_eligible_approver'],
    [
      'a group and a named person',
      planOf([stageOf({ from: [{ group: 'dba' }, { person: 'nora' }], quorum: 4 })]),
      undefined,
    ],
    [
      'a group and a named person, and one more',
      planOf([stageOf({ from: [{ group: 'dba' }, { person: 'nora' }], quorum: 5 })]),
      'no_eligible_approver',
    ],
    [
      'nobody, and a next group',
      timed(stageOf({ group: 'asleep', escalate: { after_seconds: 9, to: 'directors' } })),
      undefined,
    ],
    [
      'nobody, and a next group of too few',
      timed(stageOf({ group: 'asleep', quorum: 2, escalate: { after_seconds: 9, to: 'directors' } })),
      'no_eligible_approver',
    ],
  ])('%s', (_, plan, expected) => {
    expect(why(plan)).toBe(expected);
  });
});

describe('a plan that is opened counts on nobody who is never told', () => {
  const deaf = new Set(['finance', 'person:nora']);
  const told = (...stages: Stage[]) =>
    whyPlanCannotStand(planOf(stages, { begins_at: at(0).toISOString() }), (group) =>
      deaf.has(group) ? [] : (people[group] ?? []),
    );

  it.each<[string, Stage, ReturnType<typeof why>]>([
    ['a group with a channel', stageOf(), undefined],
    ['a group without', stageOf({ group: 'finance' }), 'no_eligible_approver'],
    ['a named person without an address', stageOf({ from: [{ person: 'nora' }] }), 'no_eligible_approver'],
    ['either of two groups', stageOf({ from: [{ group: 'finance' }, { group: 'dba' }], quorum: 3 }), undefined],
    ['both', stageOf({ from: [{ group: 'finance' }, { group: 'dba' }], quorum: 4 }), 'no_eligible_approver'],
    ['a next group', stageOf({ group: 'finance', escalate: { after_seconds: 9, to: 'dba' } }), undefined],
    [
      'a next group without',
      stageOf({ group: 'asleep', escalate: { after_seconds: 9, to: 'finance' } }),
      'no_eligible_approver',
    ],
  ])('%s', (_, stage, expected) => {
    expect(told(stage)).toBe(expected);
  });
});

describe('a plan that no host of ours can decide is unsatisfiable', () => {
  it.each<[string, Plan]>([
    ['quorum 0', planOf([stageOf({ quorum: 0 })])],
    ['no stages', { ...planOf([]), stages: [] }],
    ['people in two ways', planOf([{ ...stageOf(), from: [{ person: 'anna' }] }])],
    ['nobody at all', planOf([{ stage: 1, quorum: 1, confirmations: [] }])],
    ['seconds from no beginning', planOf([stageOf({ deadline_seconds: 60 })])],
    ['a stage number twice', planOf([stageOf(), stageOf({ group: 'finance' })])],
  ])('%s', (_, plan) => {
    expect(why(plan)).toBe('policy_unsatisfiable');
  });
});

it('reads no more of a large group than the plan has seats', () => {
  let read = 0;
  function* crowd(): Generator<Decider> {
    for (;;) {
      read += 1;
      yield decider(`p${String(read)}`);
    }
  }
  expect(whyPlanCannotStand(planOf([stageOf({ quorum: 2 })]), crowd)).toBeUndefined();
  expect(read).toBeLessThanOrEqual(3);
});
