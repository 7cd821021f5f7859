import { expect, it } from '@jest/globals';
import { planOf, stageOf } from './plan.fixture.js';
import { progressOf, tellable } from './progress.js';

const step = { what: 'approved', by: 'ben', reason: 'fine by me' };
const hidden = { what: 'approved', by: undefined, reason: undefined };

it.each([
  ['who has not voted does not read what others thought', { person: 'anna', voted: false, state: 'open' }, hidden],
  ['who has voted does', { person: 'anna', voted: true, state: 'open' }, step],
  ['everybody does afterwards', { person: 'anna', voted: false, state: 'denied' }, step],
  ['one’s own words are no secret', { person: 'ben', voted: false, state: 'open' }, step],
] as const)('%s', (_, reader, expected) => {
  expect(tellable(step, reader)).toEqual(expected);
});

it('counts approvals per stage, and no refusals', () => {
  const plan = planOf([stageOf({ stage: 2, quorum: 2 }), stageOf({ group: 'finance' })]);
  const votes = [
    { stage: 1, decision: 'approve' },
    { stage: 2, decision: 'approve' },
    { stage: 2, decision: 'deny' },
  ] as const;
  expect(progressOf(plan, [...votes])).toEqual([
    { stage: 1, group: 'finance', quorum: 1, approved: 1 },
    { stage: 2, group: 'dba', quorum: 2, approved: 1 },
  ]);
});
