import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { at, factsOf, groupOf, personOf, planOf, stageOf, voteOf, type VoteMore } from './plan.fixture.js';
import { grantedBy, satisfies, type Satisfied, type VoteFacts } from './satisfies.js';

const facts = factsOf(
  [groupOf('dba', ['ann', 'bob', 'cy', 'two'], 1), groupOf('dba', ['bob'], 2), groupOf('finance', ['ann', 'fay'], 1)],
  [
    personOf('ann'),
    personOf('bob'),
    personOf('cy', { state: 'inactive' }),
    personOf('fay', { limits: [{ amount_minor: 1_000, currency: 'EUR' }] }),
    // The same human as ann, registered a second time under a linked account.
    personOf('two', { identities: [{ iss: 'https://other.example', sub: 'x' }, { iss: 'https://idp.example', sub: 'ann' }] }),
    personOf('eve'),
  ],
); // prettier-ignore
const one = planOf([stageOf()]);
const both = planOf([stageOf({ quorum: 2 })]);
const limited = planOf([stageOf({ group: 'finance', min_limit: { amount_minor: 1_000, currency: 'EUR' } })]);
const confirmed = planOf([
  stageOf({
    confirmations: [
      { id: 'scope', text: 's' },
      { id: 'window', text: 'w' },
    ],
  }),
]);
const staged = planOf([stageOf({ stage: 2, group: 'finance' }), stageOf({ stage: 1 })]);
const euros = (currency: string) => planOf([stageOf({ group: 'finance', min_limit: { amount_minor: 1, currency } })]);
const growing = planOf([stageOf(), stageOf({ stage: 2, quorum: 2 })]);
const fay: VoteMore = { group: 'finance' };
const atOnce = planOf([stageOf(), stageOf({ stage: 2, group: 'finance' })], { parallel: true });
const named = planOf([stageOf({ from: [{ person: 'eve', manager_of: 'ann' }] })]);
const timed = planOf(
  [stageOf({ deadline_seconds: 60 }), stageOf({ stage: 2, group: 'finance', deadline_seconds: 60 })],
  { begins_at: at(0) },
);
const next = (more: object = {}) =>
  planOf([stageOf({ ...more, escalate: { after_seconds: 60, to: 'finance' } })], { begins_at: at(0) });

const why = (result: Satisfied) => (result.ok ? 'satisfied' : result.why);

describe('satisfies', () => {
  it.each([
    ['one member is enough for one', one, [voteOf('bob')], 'satisfied'],
    ['nobody', one, [], 'quorum_missing'],
    ['two different people', both, [voteOf('ann'), voteOf('bob')], 'satisfied'],
    ['one of two', both, [voteOf('ann')], 'quorum_missing'],
    ['the same person twice', both, [voteOf('ann'), voteOf('ann', { at: 11 })], 'quorum_missing'],
    ['linked identities', both, [voteOf('ann'), voteOf('two', { castBy: 'ann' })], 'quorum_missing'],
    ['linked identities beside another person', both, [voteOf('ann'), voteOf('two', { castBy: 'ann' }), voteOf('bob')], 'satisfied'],
    ['somebody outside the group', one, [voteOf('fay')], 'quorum_missing'],
    ['an unknown person', one, [voteOf('nobody')], 'quorum_missing'],
    ['an inactive person', one, [voteOf('cy')], 'quorum_missing'],
    ['a member at another version than the cited one', one, [voteOf('ann', { version: 2 })], 'quorum_missing'],
    ['a member at the cited version', one, [voteOf('bob', { version: 2 })], 'satisfied'],
    ['a version that is not known', one, [voteOf('ann', { version: 3 })], 'quorum_missing'],
    ['a seat in another group', one, [voteOf('ann', fay)], 'quorum_missing'],
    ['a seat in another stage', one, [voteOf('ann', { stage: 2 })], 'quorum_missing'],
    ['a vote of one person counted for another', one, [voteOf('bob', { castBy: 'eve' })], 'quorum_missing'],
    ['after the deadline', one, [voteOf('ann', { at: 3_601 })], 'quorum_missing'],
    ['at the deadline', one, [voteOf('ann', { at: 3_600 })], 'satisfied'],
    ['without the limit', limited, [voteOf('ann', fay)], 'quorum_missing'],
    ['with just the limit', limited, [voteOf('fay', fay)], 'satisfied'],
    ['with the limit in another currency', euros('USD'), [voteOf('fay', fay)], 'quorum_missing'],
    ['with enough people for the first stage only', growing, [voteOf('bob'), voteOf('ann', { stage: 2, at: 11 })], 'quorum_missing'],
    ['without one confirmation', confirmed, [voteOf('bob', { confirmed: ['scope'] })], 'quorum_missing'],
    ['with all confirmations', confirmed, [voteOf('bob', { confirmed: ['window', 'scope', 'x'] })], 'satisfied'],
    ['a deny', one, [voteOf('bob', { deny: true })], 'denied'],
    ['a deny beside enough approvals', one, [voteOf('bob'), voteOf('ann', { deny: true, at: 99 })], 'denied'],
    ['a deny of somebody who may not decide', one, [voteOf('bob'), voteOf('eve', { deny: true })], 'denied'],
    ['stages in order', staged, [voteOf('bob'), voteOf('fay', { ...fay, stage: 2, at: 11 })], 'satisfied'],
    ['stages out of order', staged, [voteOf('bob', { at: 12 }), voteOf('fay', { ...fay, stage: 2, at: 11 })], 'quorum_missing'],
    ['only the second stage', staged, [voteOf('fay', { ...fay, stage: 2 })], 'quorum_missing'],
    ['one person in two stages', staged, [voteOf('ann'), voteOf('ann', { ...fay, stage: 2, at: 11 })], 'quorum_missing'],
    ['stages at once, in whatever order', atOnce, [voteOf('fay', { ...fay, stage: 2, names: 2 }), voteOf('bob', { names: 1, at: 11 })], 'satisfied'],
    ['stages at once, a seat that nobody named', atOnce, [voteOf('fay', { ...fay, stage: 2, names: 2 }), voteOf('bob', { at: 11 })], 'quorum_missing'],
    ['stages at once, a seat that the person did not name', atOnce, [voteOf('ann', { names: 2 }), voteOf('fay', { ...fay, stage: 2, names: 2 })], 'quorum_missing'],
    ['stages at once, one of them empty', atOnce, [voteOf('bob', { names: 1 })], 'quorum_missing'],
    ['in order, a seat that the person did not name', one, [voteOf('bob', { names: 2 })], 'quorum_missing'],
    ['a person whom the plan names', named, [voteOf('eve', { group: '' })], 'satisfied'],
    ['somebody else, counted by name', named, [voteOf('bob', { group: '' })], 'quorum_missing'],
    ['a person whom the plan names, counted by a group', named, [voteOf('eve')], 'quorum_missing'],
    ['a member, counted by name', one, [voteOf('bob', { group: '' })], 'quorum_missing'],
    ['at the end of the time of a stage', planOf([stageOf({ deadline_seconds: 60 })], { begins_at: at(0) }), [voteOf('bob', { at: 60 })], 'satisfied'],
    ['after the time of a stage', planOf([stageOf({ deadline_seconds: 60 })], { begins_at: at(0) }), [voteOf('bob', { at: 61 })], 'quorum_missing'],
    ['within the time of a later stage, from its own beginning', timed, [voteOf('bob', { at: 50 }), voteOf('fay', { ...fay, stage: 2, at: 110 })], 'satisfied'],
    ['after the time of a later stage', timed, [voteOf('bob', { at: 50 }), voteOf('fay', { ...fay, stage: 2, at: 111 })], 'quorum_missing'],
    ['the next group, one second too early', next(), [voteOf('fay', { ...fay, at: 59 })], 'quorum_missing'],
    ['the next group, in time', next(), [voteOf('fay', { ...fay, at: 60 })], 'satisfied'],
    ['both groups together', next({ quorum: 2 }), [voteOf('bob'), voteOf('fay', { ...fay, at: 60 })], 'satisfied'],
    ['the next group alone, for two', next({ quorum: 2 }), [voteOf('fay', { ...fay, at: 60 })], 'quorum_missing'],
    ['seconds from no beginning', planOf([stageOf({ deadline_seconds: 60 })]), [voteOf('bob')], 'plan_invalid'],
    ['people in two ways', planOf([{ ...stageOf(), from: [{ person: 'bob' }] }]), [voteOf('bob')], 'plan_invalid'],
    ['nobody to come from', planOf([{ stage: 1, quorum: 1, confirmations: [] }]), [voteOf('bob')], 'plan_invalid'],
    ['no stages', planOf([]), [voteOf('bob')], 'plan_invalid'],
    ['a quorum of zero', planOf([stageOf({ quorum: 0 })]), [voteOf('bob')], 'plan_invalid'],
    ['a negative quorum', planOf([stageOf({ quorum: -1 })]), [], 'plan_invalid'],
    ['a quorum that is no integer', planOf([stageOf({ quorum: 0.5 })]), [voteOf('bob')], 'plan_invalid'],
    ['a quorum of NaN', planOf([stageOf({ quorum: Number.NaN })]), [voteOf('bob')], 'plan_invalid'],
    ['a quorum of zero behind a good stage', planOf([stageOf(), stageOf({ stage: 2, quorum: 0 })]), [voteOf('bob')], 'plan_invalid'],
    ['two stages of one number', planOf([stageOf(), stageOf()]), [voteOf('bob'), voteOf('ann')], 'plan_invalid'],
    ['a step-up that nobody has confirmed', planOf([stageOf()], { step_up: true }), [voteOf('bob')], 'step_up'],
    ['an excluded person', planOf([stageOf()], { excluded: [{ person: 'bob', why: 'owner' }] }), [voteOf('bob')], 'quorum_missing'],
    ['an excluded person under a linked account', planOf([stageOf()], { excluded: [{ person: 'ann', why: 'owner' }] }), [voteOf('two', { castBy: 'ann' })], 'quorum_missing'],
    ['a seat that a member gave away', one, [voteOf('eve', { from: 'bob' })], 'satisfied'],
    ['a seat that its giver has not signed away', one, [voteOf('eve', { from: 'bob', givenBy: 'eve' })], 'quorum_missing'],
    ['a seat given by somebody who has none', one, [voteOf('eve', { from: 'fay' })], 'quorum_missing'],
    ['a seat given by somebody inactive', one, [voteOf('eve', { from: 'cy' })], 'quorum_missing'],
    ['a seat given to somebody inactive', one, [voteOf('cy', { from: 'bob' })], 'quorum_missing'],
    ['a seat given by a member at another version', one, [voteOf('eve', { from: 'ann', version: 2 })], 'quorum_missing'],
    ['a vote of the giver beside that on their seat', both, [voteOf('eve', { from: 'bob' }), voteOf('bob', { at: 11 })], 'quorum_missing'],
    ['a vote of another member beside it', both, [voteOf('eve', { from: 'bob' }), voteOf('ann', { at: 11 })], 'satisfied'],
    ['two seats in one hand', both, [voteOf('eve', { from: 'bob' }), voteOf('eve', { from: 'ann', at: 11 })], 'quorum_missing'],
    ['one seat in two hands', both, [voteOf('eve', { from: 'bob' }), voteOf('fay', { from: 'bob', at: 11 })], 'quorum_missing'],
    ['a seat given by a linked account of whoever voted', both, [voteOf('eve', { from: 'two', givenBy: 'ann' }), voteOf('ann', { at: 11 })], 'quorum_missing'],
    ['a seat given to an excluded person', planOf([stageOf()], { excluded: [{ person: 'eve', why: 'owner' }] }), [voteOf('eve', { from: 'bob' })], 'quorum_missing'],
    ['a seat given by an excluded person', planOf([stageOf()], { excluded: [{ person: 'bob', why: 'owner' }] }), [voteOf('eve', { from: 'bob' })], 'quorum_missing'],
    ['a seat whose giver has the limit, and whoever votes has not', limited, [voteOf('eve', { ...fay, from: 'fay' })], 'quorum_missing'],
    ['a seat whose giver has not the limit', euros('EUR'), [voteOf('fay', { ...fay, group: 'finance', from: 'ann' })], 'quorum_missing'],
  ])('%s', (_, plan, votes, expected) => {
    expect(why(satisfies(plan, votes, facts))).toBe(expected);
  }); // prettier-ignore

  it('says which stage lacks people', () => {
    expect(satisfies(staged, [voteOf('bob')], facts)).toEqual({ ok: false, why: 'quorum_missing', stage: 2 });
  });

  it('grants the smallest caps of all approving votes', () => {
    const votes = [
      voteOf('ann', { caps: { ttl_seconds: 300 } }),
      voteOf('bob', { caps: { ttl_seconds: 60, uses: 5 } }),
      voteOf('two', { caps: { uses: 2 } }),
    ];
    expect(satisfies(both, votes, facts)).toEqual({ ok: true, granted: { ttl_seconds: 60, uses: 2 } });
    expect(satisfies(both, [voteOf('ann'), voteOf('bob')], facts)).toEqual({ ok: true, granted: {} });
    expect(grantedBy({ ttl_seconds: 100, uses: 1 }, { ttl_seconds: 60 })).toEqual({ ttl_seconds: 60, uses: 1 });
    expect(grantedBy({ ttl_seconds: 10, uses: 1 }, { ttl_seconds: 60, uses: 2 })).toEqual({ ttl_seconds: 10, uses: 1 });
  });
});

const names = ['p0', 'p1', 'p2', 'p3', 'p4'];
const groupNames = ['g0', 'g1'];
/** A random world: people of whom some share an account, groups, a plan, and votes of whom each person has at most one. */
const world = fc.record({
  accounts: fc.array(fc.nat(4), { minLength: 5, maxLength: 5 }),
  inactive: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
  members: fc.array(fc.subarray(names), { minLength: 2, maxLength: 2 }),
  stages: fc.array(fc.record({ group: fc.constantFrom(...groupNames), quorum: fc.integer({ min: 1, max: 3 }) }), { minLength: 1, maxLength: 2 }),
  parallel: fc.boolean(),
  excluded: fc.subarray(names, { maxLength: 2 }),
  seats: fc.array(fc.record({ stage: fc.integer({ min: 1, max: 2 }), group: fc.constantFrom(...groupNames), at: fc.nat(20) }), { minLength: 5, maxLength: 5 }),
}); // prettier-ignore

function build(w: typeof world extends fc.Arbitrary<infer T> ? T : never) {
  const people = names.map((name, i) =>
    personOf(name, {
      identities: [{ iss: 'https://idp.example', sub: `u${String(w.accounts[i])}` }],
      state: w.inactive[i] === true ? 'inactive' : 'active',
    }),
  );
  const groups = groupNames.map((name, i) => groupOf(name, w.members[i] ?? []));
  const stages = w.stages.map((stage, i) => stageOf({ ...stage, stage: i + 1 }));
  const atOnce = w.parallel && { parallel: true as const };
  const plan = planOf(stages, {
    ...atOnce,
    excluded: w.excluded.map((person) => ({ person, why: 'excluded' as const })),
  });
  return {
    plan,
    facts: factsOf(groups, people),
    votes: names.map((name, i) =>
      voteOf(name, {
        ...w.seats[i],
        ...(w.parallel && { names: w.seats[i]?.stage }),
        castBy: `u${String(w.accounts[i])}`,
      }),
    ),
  };
}

describe('satisfies, over random worlds', () => {
  const check = (test: (built: ReturnType<typeof build>) => void) => {
    fc.assert(fc.property(world, (w) => { test(build(w)); }), { numRuns: 1_000 }); // prettier-ignore
  };
  const subOf = (f: VoteFacts, id: string) => f.people.find((p) => p.id === id)?.spec.identities[0]?.sub;

  it('never says yes without enough distinct, active members outside the excluded', () => {
    let satisfied = 0;
    check(({ plan, votes, facts: f }) => {
      if (!satisfies(plan, votes, f).ok) return;
      satisfied++;
      const barred = new Set(plan.excluded.map(({ person }) => subOf(f, person)));
      const all = new Set<string | undefined>();
      for (const { stage, group, quorum } of plan.stages) {
        const members = f.groups.find((g) => g.id === group)?.spec.members ?? [];
        const humans = votes
          .filter((v) => v.counting.seat.stage === stage && v.counting.seat.group?.id === group)
          .filter((v) => members.includes(v.counting.person))
          .filter((v) => f.people.find((p) => p.id === v.counting.person)?.spec.state === 'active')
          .map((v) => subOf(f, v.counting.person))
          .filter((sub) => !barred.has(sub));
        expect(new Set(humans).size).toBeGreaterThanOrEqual(quorum);
        for (const human of humans) all.add(human);
      }
      expect(all.size).toBeGreaterThanOrEqual(plan.stages.reduce((sum, { quorum }) => sum + quorum, 0));
    });
    expect(satisfied).toBeGreaterThan(10);
  });

  it('does not depend on the order in which the votes are given', () => {
    check(({ plan, votes, facts: f }) => {
      expect(satisfies(plan, votes.toReversed(), f)).toEqual(satisfies(plan, votes, f));
    });
  });

  it('never turns into a yes when a deny is added, a vote is lost, or somebody loses a seat in a group', () => {
    check(({ plan, votes, facts: f }) => {
      const before = satisfies(plan, votes, f).ok;
      expect(satisfies(plan, [...votes, voteOf('p0', { deny: true })], f).ok).toBe(false);
      if (before) return;
      for (const name of names) {
        const groups = f.groups.map((g) => ({ ...g, spec: { ...g.spec, members: g.spec.members.filter((m) => m !== name) } }));
        const distinct = new Set(f.people.map((p) => subOf(f, p.id))).size === names.length;
        if (distinct) expect(satisfies(plan, votes, { ...f, groups }).ok).toBe(false);
        if (distinct) expect(satisfies(plan, votes.filter((v) => v.counting.person !== name), f).ok).toBe(false);
      }
    });
  }); // prettier-ignore
});
