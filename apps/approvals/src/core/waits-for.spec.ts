import { describe, expect, it } from '@jest/globals';
import { partiesOf } from '#trust';
import { at, heldOf, planOf, stageOf } from './plan.fixture.js';
import { groupsAsked, openNow, stagesAtFirst, toEscalate, waitsFor } from './waits-for.js';

const dba = stageOf({ deadline_seconds: 600, escalate: { after_seconds: 60, to: 'lead' } });
const shop = stageOf({
  stage: 2,
  from: [
    { group: 'shop', owner_of: 'prod/orders' },
    { person: 'maya', manager_of: 'paul' },
  ],
  escalate: { after_seconds: 30, to: 'owners' },
});
const plan = planOf([shop, dba], { begins_at: at(0).toISOString() });
const atOnce = { ...plan, parallel: true as const };

describe('whom a request waits for', () => {
  it('is the first stage, or all of them at once', () => {
    expect(stagesAtFirst(plan)).toEqual([dba]);
    expect(stagesAtFirst(atOnce)).toEqual([dba, shop]);
  });

  it('is one group by its name, which is all that lists need', () => {
    expect(waitsFor(planOf([stageOf()]), [stageOf()])).toMatchObject({
      stage: 1, openStages: [1], label: 'dba', asked: undefined, beganAt: undefined, deadlineAt: at(3_600), escalateAt: undefined,
    }); // prettier-ignore
  });

  it('is everybody of the open stages, by group and by name, and whoever it went on to', () => {
    const words = 'shop (owner of prod/orders) or maya (manager of paul)';
    expect(waitsFor(plan, [shop], { beganAt: at(100) })).toMatchObject({ label: words, asked: ['shop', 'person:maya'] });
    expect(waitsFor(atOnce, [dba, shop])).toMatchObject({ label: `dba and ${words}`, asked: ['dba', 'shop', 'person:maya'] });
    expect(waitsFor(plan, [dba], { escalated: [1] })).toMatchObject({ label: 'dba', asked: ['dba', 'lead'] });
  }); // prettier-ignore

  it('has the time of the stage that is due first, from its own beginning, within that of the plan', () => {
    expect(waitsFor(atOnce, [dba, shop])).toMatchObject({ deadlineAt: at(600), escalateAt: at(30) });
    expect(waitsFor(atOnce, [dba, shop], { escalated: [2] })).toMatchObject({ escalateAt: at(60) });
    expect(waitsFor(plan, [shop], { beganAt: at(100) })).toMatchObject({ deadlineAt: at(3_600), escalateAt: at(130) });
    expect(waitsFor(plan, [dba], { beganAt: at(3_500) })).toMatchObject({ deadlineAt: at(3_600) });
  });
});

describe('the next group', () => {
  const held = (seconds: number) => heldOf({ openStages: [1, 2], now: at(seconds) });
  const leads = (seconds: number) => openNow(atOnce, held(seconds)).map(({ from }) => from.length);

  it('counts by the clock, from its second on', () => {
    expect([leads(29), leads(30), leads(59), leads(60)]).toEqual([[1, 2], [1, 3], [1, 3], [2, 3]]); // prettier-ignore
  });

  it('is told once, and not while its stage is not open', () => {
    const due = (seconds: number, more = {}) => toEscalate(atOnce, { ...held(seconds), ...more }).map(({ stage }) => stage);
    expect([due(29), due(30), due(60), due(60, { escalated: [2] })]).toEqual([[], [2], [1, 2], [1]]);
    expect(due(60, { openStages: [2] })).toEqual([2]);
    expect(due(60, { deadlineAt: at(60) })).toEqual([]);
  }); // prettier-ignore
});

it('knows who is asked now, and everybody who has a part in the plan', () => {
  const guarded = { ...plan, veto: ['legal'] };
  expect(groupsAsked(guarded, { openStages: [1] })).toEqual(['dba', 'legal']);
  expect(partiesOf(guarded)).toEqual(['dba', 'shop', 'lead', 'owners', 'legal', 'person:maya']);
});
