import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Known, NotEligibleWhy, Person, Stage } from '#contracts';
import { sourcesOf } from '#trust';
import { chainOf, maySee, seatToApprove, seatToDeny, whyMayNotEnd, type Circle } from './eligibility.js';
import { agentOf, circleOf, decider, groupOf, idp, planOf, stageOf } from './plan.fixture.js';

const everybody = ['anna', 'olga', 'rita', 'paul', 'vera', 'asked'];
const limit = { amount_minor: 5_000, currency: 'EUR' };
const first = stageOf();
const second = stageOf({ stage: 2, group: 'finance', min_limit: limit });
const plan = planOf([first, second], { excluded: [{ person: 'vera', why: 'excluded' }] });
const groups = [
  groupOf('dba', everybody),
  groupOf('finance', ['fay', 'gus']),
  groupOf('soc-lead', ['sam', 'olga']),
  groupOf('auditors', ['audrey']),
];
const opened = (stage: Stage) => ({ stage, from: sourcesOf(stage) });
const circle: Circle = {
  ...circleOf(plan, groups),
  chain: chainOf([agentOf()], { iss: idp, sub: 'sub-asked' }),
};

describe('who may approve', () => {
  it.each<[string, string, Partial<Person>, NotEligibleWhy | 'yes']>([
    ['a member of the stage', 'anna', {}, 'yes'],
    ['the owner', 'olga', {}, 'owner'],
    ['who registered the agent', 'rita', {}, 'registrar'],
    ['a principal', 'paul', {}, 'in_delegation_chain'],
    ['for whom it acts in this request', 'asked', {}, 'self_approval'],
    ['whom policy excluded', 'vera', {}, 'excluded'],
    ['who is no member', 'nobody', {}, 'not_in_group'],
    ['who belongs to a later stage', 'gus', { limits: [limit] }, 'not_in_group'],
    ['a deactivated member', 'anna', { state: 'inactive' }, 'not_a_person'],
    [
      'a second account of the one for whom it acts',
      'anna',
      {
        identities: [
          { iss: 'https://other.example', sub: 'a' },
          { iss: idp, sub: 'sub-asked' },
        ],
      },
      'self_approval',
    ],
  ])('%s', (_, id, spec, expected) => {
    const seat = seatToApprove(decider(id, spec), opened(first), circle);
    expect(seat.ok ? 'yes' : seat.why).toBe(expected);
  });

  it('needs the delegated limit of the stage, to the last minor unit', () => {
    const seat = (amount_minor: number) =>
      seatToApprove(decider('gus', { limits: [{ amount_minor, currency: 'EUR' }] }), opened(second), circle);
    expect(seat(4_999)).toEqual({ ok: false, why: 'limit_too_low' });
    expect(seat(5_000)).toMatchObject({ ok: true });
  });

  it('keeps a new owner out of an old plan', () => {
    const changed = { ...circle, chain: chainOf([agentOf(), agentOf({ owner: 'anna' }, 2)], undefined) };
    expect(seatToApprove(decider('anna'), opened(first), changed)).toEqual({ ok: false, why: 'owner' });
  });

  it('has no seat in a group that the registry does not know', () => {
    const without = { ...circle, groups: new Map() };
    expect(seatToApprove(decider('anna'), opened(first), without)).toEqual({ ok: false, why: 'not_in_group' });
  });

  it('never lets anybody of the chain in, whatever the groups, limits and plan say', () => {
    const names = fc.constantFrom('anna', 'ben', 'cora', 'dina');
    fc.assert(
      fc.property(
        fc.record({
          owner: names,
          principals: fc.array(names),
          registrar: names,
          members: fc.array(names),
          voter: names,
        }),
        ({ members, owner, principals, registrar, voter }) => {
          const agent: Known<'agents'> = { ...agentOf({ owner, principals }), changed_by: registrar };
          const around = circleOf(planOf([first]), [groupOf('dba', members)], [agent]);
          const chain = [owner, registrar, ...principals];
          const seats = [
            seatToApprove(decider(voter), opened(first), around),
            seatToDeny(decider(voter), [opened(first)], around),
          ];
          const may = members.includes(voter) && !chain.includes(voter);
          expect(seats.map(({ ok }) => ok)).toEqual([may, may]);
        },
      ),
    );
  });
});

describe('who may say no', () => {
  it('anybody of any stage, whatever their limit and without waiting for their turn', () => {
    const seat = seatToDeny(decider('gus'), [opened(first)], circle);
    expect(seat).toMatchObject({ ok: true, stage: { stage: 2 } });
  });

  it('nobody of the chain', () => {
    expect(seatToDeny(decider('olga'), [opened(first)], circle)).toEqual({ ok: false, why: 'owner' });
  });
});

describe('a group with a veto', () => {
  const guarded = { ...circle, plan: { ...plan, veto: ['auditors'] } };

  it('says no beside the stage that is being decided', () => {
    const seat = seatToDeny(decider('audrey'), [opened(first)], guarded);
    expect(seat).toMatchObject({ ok: true, stage: { stage: 1 }, group: { id: 'auditors' } });
    expect(seatToDeny(decider('audrey'), [opened(first)], circle)).toEqual({ ok: false, why: 'not_in_group' });
  });

  it('never says yes', () => {
    expect(seatToApprove(decider('audrey'), opened(first), guarded)).toEqual({ ok: false, why: 'not_in_group' });
  });

  it('takes a grant back like the groups of the stages', () => {
    expect(whyMayNotEnd(decider('audrey'), guarded)).toBeUndefined();
  });

  it('knows of the request', () => {
    const groupsToo = circleOf({ ...plan, veto: ['legal'] }, [...groups, groupOf('legal', ['lou'])]);
    expect(maySee(decider('lou'), groupsToo)).toBe(true);
    expect(maySee(decider('lou'), { ...groupsToo, plan })).toBe(false);
  });
});

describe('a person whom the plan names', () => {
  const named = stageOf({ from: [{ group: 'finance' }, { person: 'nora' }] });
  const around = circleOf(planOf([named]), groups);

  it('sits without a group, and nobody else does', () => {
    expect(seatToApprove(decider('nora'), opened(named), around)).toEqual({ ok: true, stage: named, group: undefined });
    expect(seatToApprove(decider('fay'), opened(named), around)).toMatchObject({ ok: true, group: { id: 'finance' } });
    expect(seatToApprove(decider('nobody'), opened(named), around)).toEqual({ ok: false, why: 'not_in_group' });
  });

  it('knows of the request, and may take it back', () => {
    expect([maySee(decider('nora'), around), maySee(decider('nobody'), around)]).toEqual([true, false]);
    expect(whyMayNotEnd(decider('nora'), around)).toBeUndefined();
  });

  it('is kept out like anybody else who is excluded', () => {
    const without = circleOf(planOf([named], { excluded: [{ person: 'nora', why: 'excluded' }] }), groups);
    expect(seatToApprove(decider('nora'), opened(named), without)).toEqual({ ok: false, why: 'excluded' });
  });
});

describe('who may know', () => {
  it.each<[string, string, boolean]>([
    ['a member of the first stage', 'anna', true],
    ['a member of a later stage', 'fay', true],
    ['soc-lead', 'sam', true],
    ['auditors', 'audrey', true],
    ['the owner, who is told why not', 'olga', true],
    ['anybody else', 'nobody', false],
  ])('%s', (_, id, expected) => {
    expect(maySee(decider(id), circle)).toBe(expected);
  });

  it('a deactivated person sees nothing', () => {
    expect(maySee(decider('anna', { state: 'inactive' }), circle)).toBe(false);
  });
});

describe('who may withdraw and stop', () => {
  it.each<[string, string, NotEligibleWhy | undefined]>([
    ['a member of a stage', 'anna', undefined],
    ['a member of a later stage, whatever their limit', 'fay', undefined],
    ['soc-lead', 'sam', undefined],
    ['soc-lead, even who owns the agent: stopping is always safe', 'olga', undefined],
    ['a principal', 'paul', 'in_delegation_chain'],
    ['an auditor, who only looks', 'audrey', 'not_in_group'],
  ])('%s', (_, id, expected) => {
    expect(whyMayNotEnd(decider(id), circle)).toBe(expected);
  });
});
