import { describe, expect, it } from '@jest/globals';
import type { NotEligibleWhy } from '#contracts';
import { chainOf } from './eligibility.js';
import { agentOf, decider, groupOf } from './plan.fixture.js';
import { maySeeReview, whyMayNotClose } from './review.js';

const review = {
  group: 'soc-lead',
  groups: new Map(
    [groupOf('soc-lead', ['sam', 'olga', 'dina']), groupOf('auditors', ['audrey'])].map((g) => [g.id, g]),
  ),
  chain: chainOf([agentOf()], undefined),
  declarers: ['dina'],
};

describe('who may close a review', () => {
  it.each<[string, string, NotEligibleWhy | undefined]>([
    ['a member of the group', 'sam', undefined],
    ['the owner of the agent', 'olga', 'owner'],
    ['who declared the incident', 'dina', 'excluded'],
    ['an auditor, who only looks', 'audrey', 'not_in_group'],
  ])('%s', (_, id, expected) => {
    expect(whyMayNotClose(decider(id), review)).toBe(expected);
  });

  it('nobody who was deactivated', () => {
    expect(whyMayNotClose(decider('sam', { state: 'inactive' }), review)).toBe('not_a_person');
  });
});

it('is seen by its group and by overseers', () => {
  expect(['sam', 'dina', 'audrey', 'nobody'].map((id) => maySeeReview(decider(id), review))).toEqual([
    true,
    true,
    true,
    false,
  ]);
});
