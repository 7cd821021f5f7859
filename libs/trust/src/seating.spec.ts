import { describe, expect, it } from '@jest/globals';
import type { Stage } from '#contracts';
import { at, planOf, stageOf } from './plan.fixture.js';
import { canBeSeated, stagesAtOnce, waitsInVain, type Able } from './seating.js';

const able = (...ids: string[]): Able[] => ids.map((id) => ({ id, active: id !== 'ines', limits: [] }));
const people: Record<string, Able[]> = {
  dba: able('anna'),
  security: able('sam', 'sue'),
  tired: able('ines'),
  lead: able('lea'),
  heads: able('hedda'),
};
const peopleOf = (recipient: string): Able[] => people[recipient] ?? [];

const going = (group: string, to = 'lead', more: Partial<Stage> = {}): Stage =>
  stageOf({ group, escalate: { after_seconds: 600, to }, ...more });
const plan = (...stages: Stage[]) =>
  planOf(
    stages.map((one, i) => ({ ...one, stage: i + 1 })),
    { begins_at: at(0) },
  );
const atOnce = (...stages: Stage[]): number[] => [...stagesAtOnce(plan(...stages), peopleOf)];

describe('a stage goes on at once', () => {
  it.each<[string, number[], Stage[]]>([
    ['not where its own people are enough', [], [going('dba')]],
    ['where they are too few', [1], [going('dba', 'lead', { quorum: 2 })]],
    ['where there are none', [1], [going('nobody')]],
    ['where they are inactive', [1], [going('tired')]],
    ['where they sit in an earlier stage already', [2], [going('dba'), going('dba')]],
    ['where they are needed by a later stage, which cannot go on', [1], [going('dba'), stageOf({ group: 'dba' })]],
    ['not where others of them are left', [], [going('security'), going('security')]],
    ['where three stages need two people: the last', [3], [going('security'), going('security'), going('security')]],
    ['not beside one that nobody can fill at all', [], [going('dba'), stageOf({ group: 'nobody' })]],
    ['itself where nobody can fill it at all, and no other', [2], [going('dba'), going('tired', 'nobody')]],
    ['not where it has no next group', [], [stageOf({ group: 'nobody' })]],
    [
      'where both groups together fill it, and the next one is not used up by that',
      [1, 2],
      [going('tired', 'lead'), going('tired', 'heads')],
    ],
  ])('%s', (_, numbers, stages) => {
    expect(atOnce(...stages)).toEqual(numbers);
  });
});

describe('a stage waits in vain', () => {
  const vain = (...stages: Stage[]): boolean => waitsInVain(plan(...stages), peopleOf);

  it('where nobody is there until the next group may decide', () => {
    expect([
      vain(going('nobody')),
      vain(going('dba'), going('dba')),
      vain(going('dba', 'lead', { quorum: 2 })),
    ]).toEqual([true, true, true]);
  });

  it('not where somebody is, where it goes on at once, and where nobody comes later either', () => {
    const now = { after_seconds: 0, to: 'lead' };
    expect([
      vain(going('dba')),
      vain(going('nobody', 'lead', { escalate: now })),
      vain(going('nobody', 'tired')),
    ]).toEqual([false, false, false]);
    expect(canBeSeated(plan(going('nobody', 'tired')), peopleOf)).toBe(false);
  });
});
