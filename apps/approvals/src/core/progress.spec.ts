import { expect, it } from '@jest/globals';
import { at, heldOf, planOf, stageOf } from './plan.fixture.js';
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

it('who gave their seat away is told to everybody', () => {
  const given = { what: 'seat given to eve', by: 'ben', reason: 'on leave' };
  expect(tellable(given, { person: 'anna', voted: false, state: 'open' })).toEqual(given);
});

it('counts approvals per stage, and no refusals', () => {
  const plan = planOf([stageOf({ stage: 2, quorum: 2 }), stageOf({ group: 'finance' })]);
  const votes = [
    { stage: 1, decision: 'approve' },
    { stage: 2, decision: 'approve' },
    { stage: 2, decision: 'deny' },
  ] as const;
  expect(progressOf(plan, [...votes], heldOf({ openStages: [2] }))).toEqual([
    { stage: 1, group: 'finance', quorum: 1, approved: 1 },
    { stage: 2, group: 'dba', quorum: 2, approved: 1, open: true, deadline_at: plan.deadline_at },
  ]);
});

it('says of an open stage by when it must go on, and to whom it goes on', () => {
  const escalate = { after_seconds: 60, to: 'lead' };
  const plan = planOf([stageOf({ from: [{ group: 'dba' }, { person: 'nora' }], deadline_seconds: 90, escalate })]);
  const times = { deadline_at: at(90).toISOString(), escalates: { at: at(60).toISOString(), to: 'lead' } };
  expect(progressOf(plan, [], heldOf())).toEqual([
    { stage: 1, group: 'dba or nora', quorum: 1, approved: 0, open: true, ...times },
  ]);
  expect(progressOf(plan, [], heldOf({ state: 'denied' }))).toEqual([
    { stage: 1, group: 'dba or nora', quorum: 1, approved: 0 },
  ]);
});
