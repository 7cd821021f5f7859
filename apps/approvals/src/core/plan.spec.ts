import { describe, expect, it } from '@jest/globals';
import type { Plan } from '#contracts';
import type { Decider } from './decider.js';
import { whyPlanCannotStand } from './plan.js';
import { decider, planOf, stageOf } from './plan.fixture.js';

const eur = (amount_minor: number) => ({ amount_minor, currency: 'EUR' });

const people: Record<string, Decider[]> = {
  dba: [decider('anna'), decider('ben'), decider('olga')],
  finance: [decider('fay', { limits: [eur(100)] }), decider('gus', { limits: [eur(5_000)] })],
  directors: [decider('dora')],
  asleep: [decider('ines', { state: 'inactive' })],
};
const why = (plan: Plan) => whyPlanCannotStand(plan, (group) => people[group] ?? []);

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
  ])('%s', (_, plan, expected) => {
    expect(why(plan)).toBe(expected);
  });
});

describe('a plan that no host of ours can decide is unsatisfiable', () => {
  it.each<[string, Plan]>([
    ['quorum 0', planOf([stageOf({ quorum: 0 })])],
    ['no stages', { ...planOf([]), stages: [] }],
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
