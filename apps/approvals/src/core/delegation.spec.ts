import { describe, expect, it } from '@jest/globals';
import type { Plan } from '#contracts';
import { whyNotGiven, type Giving } from './delegation.js';
import { maySee, seatToApprove, type Circle, type Given } from './eligibility.js';
import { at, bodyOf, circleOf, decider, groupOf, heldOf, planOf, stageOf, viewDigest } from './plan.fixture.js';
import { considerVote, seated } from './vote.js';

const euros = { amount_minor: 1_000, currency: 'EUR' };
const groups = [
  groupOf('dba', ['anna', 'ben', 'olga']),
  groupOf('security', ['sam', 'anna']),
  groupOf('lead', ['luis']),
];
const two = planOf([stageOf({ quorum: 2 }), stageOf({ stage: 2, group: 'security' })]);
const open = (more: Parameters<typeof stageOf>[0] = {}) => ({ stage: stageOf(more), from: [{ group: 'dba' }] });
const limited = planOf([stageOf({ min_limit: euros })]);
const named = planOf([stageOf({ from: [{ group: 'dba' }, { person: 'nora' }] })]);
const slow = planOf([stageOf({ escalate: { after_seconds: 60, to: 'lead' } })], { begins_at: at(0).toISOString() });
const given = (giver: string, receiver: string): Given => ({
  giver, receiver, until: at(3_000), givenAt: at(0), signed: { delegation: 'd', person_key: 'k' },
}); // prettier-ignore

function circle(plan: Plan, away: Given[] = [], more: Partial<Circle> = {}): Circle {
  const givers = new Map(away.map(({ giver }) => [giver, decider(giver, { limits: [euros] })]));
  return { ...circleOf(plan, groups), given: away, givers, ...more };
}

function why(more: Partial<Giving> = {}): string {
  const refusal = whyNotGiven({
    held: heldOf(), planNo: 1, circle: circle(two), giver: decider('anna', { limits: [euros] }), receiver: decider('eve'),
    until: at(3_600), seated: new Set(), ...more,
  }); // prettier-ignore
  return refusal === undefined ? 'given' : [refusal.code, refusal.why].filter(Boolean).join('/');
}

describe('a seat is given away', () => {
  it('by whoever holds it, to somebody who could hold one, until the deadline at most', () => {
    expect(why()).toBe('given');
  });

  it.each<[string, Partial<Giving>, string]>([
    ['after it was decided', { held: heldOf({ state: 'denied' }) }, 'already_decided'],
    ['after its time', { held: heldOf({ now: at(3_600) }) }, 'expired'],
    ['in a plan that was replaced', { held: heldOf({ planNo: 2 }) }, 'view_changed'],
    ['for no time at all', { until: at(0) }, 'schema_mismatch'],
    ['for longer than the request lasts', { until: at(3_601) }, 'schema_mismatch'],
    ['by somebody without one', { giver: decider('eve') }, 'not_eligible/not_in_group'],
    ['by the owner, though a member', { giver: decider('olga') }, 'not_eligible/owner'],
    ['by somebody who has voted', { seated: new Set(['anna']) }, 'not_eligible/already_voted'],
    ['twice', { circle: circle(two, [given('anna', 'finn')]) }, 'not_eligible/delegated'],
    ['in a stage that is over', { giver: decider('ben'), held: heldOf({ stage: 2 }) }, 'not_eligible/not_in_group'],
    ['by whoever received it', { giver: decider('eve'), receiver: decider('finn'), circle: circle(two, [given('ben', 'eve')]) }, 'not_eligible/not_in_group'],
    ['without the limit', { giver: decider('anna'), circle: circle(limited) }, 'not_eligible/limit_too_low'],
    ['to nobody', { receiver: undefined }, 'receiver_not_eligible/not_a_person'],
    ['to somebody who is gone', { receiver: decider('eve', { state: 'inactive' }) }, 'receiver_not_eligible/not_a_person'],
    ['to the owner', { receiver: decider('olga') }, 'receiver_not_eligible/owner'],
    ['to a principal', { receiver: decider('paul') }, 'receiver_not_eligible/in_delegation_chain'],
    ['to the registrar of the agent', { receiver: decider('rita') }, 'receiver_not_eligible/registrar'],
    ['to the payee', { receiver: decider('eve'), circle: circle(planOf([stageOf()], { excluded: [{ person: 'eve', why: 'excluded' }] })) }, 'receiver_not_eligible/excluded'],
    ['to oneself', { receiver: decider('anna') }, 'receiver_not_eligible/has_seat'],
    ['to a colleague with a seat', { receiver: decider('ben') }, 'receiver_not_eligible/has_seat'],
    ['to somebody with a seat in another stage', { receiver: decider('sam') }, 'receiver_not_eligible/has_seat'],
    ['to somebody who received another one', { circle: circle(two, [given('ben', 'eve')]) }, 'receiver_not_eligible/has_seat'],
    ['to somebody who has voted', { seated: new Set(['eve']) }, 'receiver_not_eligible/already_voted'],
    ['to somebody without the limit', { circle: circle(limited) }, 'receiver_not_eligible/limit_too_low'],
    ['to whoever the plan names', { receiver: decider('nora'), circle: circle(named) }, 'receiver_not_eligible/has_seat'],
    ['to somebody of the group that it goes on to', { receiver: decider('luis'), circle: circle(slow) }, 'receiver_not_eligible/has_seat'],
    ['to somebody who may say no', { receiver: decider('sam'), circle: circle(planOf([stageOf()], { veto: ['security'] })) }, 'receiver_not_eligible/has_seat'],
    ['by the next group before its time', { giver: decider('luis'), circle: circle(slow) }, 'not_eligible/not_in_group'],
    ['in a stage beside that is over', { giver: decider('ben'), held: heldOf({ stage: 2, openStages: [2] }), circle: circle({ ...two, parallel: true }) }, 'not_eligible/not_in_group'],
  ])('not %s', (_, more, expected) => {
    expect(why(more)).toBe(expected);
  });

  it('by whoever the plan names, by the next group once it may decide, and in any stage that is open beside others', () => {
    expect(why({ giver: decider('nora'), circle: circle(named) })).toBe('given');
    expect(why({ giver: decider('luis'), circle: circle(slow), held: heldOf({ now: at(60) }) })).toBe('given');
    const beside = { held: heldOf({ openStages: [1, 2] }), circle: circle({ ...two, parallel: true }) };
    expect([why({ giver: decider('sam'), ...beside }), why({ giver: decider('ben'), ...beside })]).toEqual(['given', 'given']);
  });
}); // prettier-ignore

describe('whoever received a seat', () => {
  const away = [given('anna', 'eve')];
  const seat = (who: string, around: Circle) => {
    const found = seatToApprove(decider(who), open(), around);
    return found.ok ? (found.from?.giver.id ?? 'own') : found.why;
  };
  const vote = (who: string, around: Circle, voted = false) => {
    const base = { held: heldOf(), planNo: 1, variant: 'full' as const, viewDigest, voted };
    const counted = considerVote(bodyOf(), { ...base, person: decider(who), circle: around });
    return 'code' in counted ? (counted.why ?? counted.code) : (counted.from?.giver.id ?? 'own');
  };

  it('sees the request and sits in the giver’s place, and the giver does not sit meanwhile', () => {
    expect([maySee(decider('eve'), circle(two)), maySee(decider('eve'), circle(two, away))]).toEqual([false, true]);
    expect([vote('eve', circle(two, away)), vote('anna', circle(two, away))]).toEqual(['anna', 'delegated']);
    expect([vote('eve', circle(two)), vote('anna', circle(two))]).toEqual(['not_in_group', 'own']);
  });

  it('sits there as long as the giver could, and could themselves', () => {
    const inactive = { givers: new Map([['anna', decider('anna', { state: 'inactive' })]]) };
    const outside = { groups: new Map([['dba', groupOf('dba', ['ben'])]]) };
    const owner = { chain: { owners: ['anna'], registrars: [], principals: [], onBehalfOf: undefined } };
    const own = { chain: { owners: ['eve'], registrars: [], principals: [], onBehalfOf: undefined } };
    const unknown = { givers: new Map() };
    for (const more of [inactive, outside, owner, unknown]) expect(seat('eve', circle(two, away, more))).toBe('not_in_group');
    expect(seat('eve', circle(two, away, own))).toBe('owner');
  });

  it('decides by the limits of both', () => {
    const poor = seatToApprove(decider('eve'), open({ min_limit: euros }), circle(limited, away));
    expect(!poor.ok && poor.why).toBe('limit_too_low');
    const rich = seatToApprove(decider('eve', { limits: [euros] }), open({ min_limit: euros }), circle(limited, away));
    expect(rich.ok && rich.from?.giver.id).toBe('anna');
  });

  it('has taken the seat of the giver for good with a vote', () => {
    const votes = [{ person: 'eve', seatOf: 'anna' }, { person: 'ben', seatOf: undefined }];
    expect([...seated(votes)].sort()).toEqual(['anna', 'ben', 'eve']);
    expect(vote('anna', circle(two), true)).toBe('already_voted');
  });

  it('is shown no secret that only the group of the seat is shown', () => {
    const texts = { masked: viewDigest, digest: viewDigest };
    const secrets = { names: ['key'], usual: 'masked' as const, groups: [{ group: 'dba', masking: 'shown' as const }], texts };
    const around = circle(planOf([stageOf()], { secrets }), away);
    const as = (variant: 'full' | 'masked') =>
      'code' in considerVote(bodyOf(), { held: heldOf(), planNo: 1, viewDigest, voted: false, variant, person: decider('eve'), circle: around });
    expect([as('full'), as('masked')]).toEqual([true, false]);
  });
}); // prettier-ignore
