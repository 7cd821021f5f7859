import { describe, expect, it } from '@jest/globals';
import { dueMessages, type Followed } from './told.js';

const action: Followed = {
  actionId: '01975f3a-7c00-7b1e-8d2f-3a4b5c6d7e8f',
  state: 'pending',
  code: null,
  stages: [
    { stage: 1, group: 'dba' },
    { stage: 2, group: 'security' },
  ],
  notify: ['soc-lead'],
  emergency: null,
  openStage: 1,
  escalated: [],
  replaced: 0,
  reviewGroup: null,
};
const told = (followed: Followed): string[] =>
  dueMessages(followed).map(({ kind, group, stage }) => `${kind} ${group} ${stage}`);

describe('who is told what', () => {
  it('asks only those of the open stage', () => {
    expect(told(action)).toEqual(['new dba 1']);
    expect(told({ ...action, openStage: 2 })).toEqual(['new security 2']);
  });

  it('asks nobody before the plan and its opening are both known, in whichever order they come', () => {
    expect(told({ ...action, stages: [] })).toEqual([]);
    expect(told({ ...action, openStage: null })).toEqual([]);
  });

  it('tells voters of each replaced plan', () => {
    expect(told({ ...action, replaced: 1 })).toEqual(['replaced dba 101']);
    expect(told({ ...action, replaced: 2 })).toEqual(['replaced dba 201']);
  });

  it.each(['denied', 'expired', 'cancelled', 'refused'] as const)(
    'tells everybody concerned that it was %s, and asks no more',
    (state) => {
      expect(told({ ...action, state })).toEqual([`${state} dba 0`, `${state} security 0`, `${state} soc-lead 0`]);
    },
  );

  it.each(['offered', 'released', 'ended', 'rejected'] as const)('tells nobody that it was %s', (state) => {
    expect(told({ ...action, state })).toEqual([]);
  });

  it('tells of an emergency at once, once per group', () => {
    const emergency = { rule: 'EMERG-001', group: 'soc-lead' };
    expect(told({ ...action, state: 'accepted', stages: [], openStage: null, emergency })).toEqual([
      'emergency soc-lead 0',
    ]);
  });

  it('tells who owes a review', () => {
    expect(told({ ...action, state: 'offered', openStage: null, reviewGroup: 'soc-lead' })).toEqual([
      'review soc-lead 0',
    ]);
  });

  describe('when nobody has decided', () => {
    const stages = [...action.stages, { stage: 1, group: 'lead', next: true as const }];

    it('asks the next group as well, once it is said, and tells it how it ended', () => {
      expect(told({ ...action, stages })).toEqual(['new dba 1']);
      expect(told({ ...action, stages, escalated: ['lead'] })).toEqual(['new dba 1', 'escalated lead 1']);
      expect(told({ ...action, stages, state: 'denied' })).not.toContain('denied lead 0');
      expect(told({ ...action, stages, state: 'denied', escalated: ['lead'] })).toContain('denied lead 0');
    });

    it('asks no group that the signed plan does not name for it', () => {
      expect(told({ ...action, stages, escalated: ['security', 'everybody'] })).toEqual(['new dba 1']);
    });
  });
});
