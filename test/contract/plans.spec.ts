import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { play, type Lie, type Played } from './plan-play.js';
import { story, type Act, type Told } from './plan-rows.js';

/** Counted on a seat that was its giver's again by then. */
const isLate = ({ counting, delegation }: Played['counted'][number]): boolean =>
  delegation !== undefined && counting.received_at >= delegation.given.until;

const folder = new URL('plans/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));

describe.each(files)('plans/%s', (file) => {
  const stories = z.array(story).parse(JSON.parse(readFileSync(new URL(file, folder), 'utf8')));

  it.each(stories.map((one) => [one.name, one] as const))('%s', (_, one) => {
    const played = play(one);
    expect(played.answers).toEqual(one.votes.map(({ then }) => then));
    expect(played.state).toBe(one.state);
    expect(played.verified).toBe(one.state === 'granted');
    const lied = play(one, { forgetsTheEnd: true });
    if (lied.counted.some(isLate)) expect(lied.verified).toBe(false);
  });
});

const names = ['p0', 'p1', 'p2', 'p3', 'p4'];
const groupNames = ['g0', 'g1', 'g2'];
const members = fc.subarray(names, { minLength: 2 });
const anySource = fc.oneof(
  fc.constantFrom(...groupNames).map((group) => ({ group })),
  fc.constantFrom(...names).map((person) => ({ person })),
);
/** There once in so many times. */
const onceIn = <T>(times: number, some: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: times - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: some });
const anyStage = fc
  .record({
    group: fc.constantFrom(...groupNames),
    from: onceIn(2, fc.array(anySource, { minLength: 1, maxLength: 3 })),
    quorum: fc.constantFrom(1, 1, 1, 2, 3),
    confirmations: fc.subarray(['scope']),
    deadline_seconds: onceIn(4, fc.integer({ min: 3, max: 20 })),
    escalate: onceIn(2, fc.record({ after_seconds: fc.nat(12), to: fc.constantFrom(...groupNames) })),
  })
  // Where people come from in one way, and what is not there is not there.
  .map(({ from, group, ...rest }) => ({ ...rest, ...(from === undefined ? { group } : { from }) }))
  .map((one) => JSON.parse(JSON.stringify(one)) as typeof one);
// In no group, whoever received a seat is known by it alone.
const who = fc.constantFrom(...names, 'q0', 'q1');
const when = fc.nat(25);
const anyVote: fc.Arbitrary<Act> = fc.record({
  by: who,
  at: when,
  deny: fc.integer({ min: 0, max: 19 }).map((n) => n === 7),
  confirmed: fc.nat(7).map((n) => (n === 3 ? [] : ['scope'])),
  stage: fc.constantFrom(undefined, 1, 1, 2, 2, 3),
  then: fc.constant(''),
});
/** To people of no group mostly: whoever has a seat receives none. Half of them for some seconds only. */
const anyGiving: fc.Arbitrary<Act> = fc
  .record({
    by: who,
    at: when,
    gives_to: fc.constantFrom('p0', 'q0', 'q0', 'q1', 'q1'),
    lasts: onceIn(2, fc.integer({ min: 1, max: 5 })),
    then: fc.constant(''),
  })
  .map(({ lasts, ...one }) => ({ ...one, ...(lasts !== undefined && { until: one.at + lasts }) }));
const anyTakingBack: fc.Arbitrary<Act> = fc.record({
  by: who,
  at: when,
  takes_back: fc.constant(true as const),
  then: fc.constant(''),
});
/** Any plan of up to three stages, in order or at once, groups that change once, and any votes in the order of their seconds. */
const anyStory: fc.Arbitrary<Told> = fc.record({
  people: fc.constant({}),
  groups: fc
    .array(fc.tuple(members, fc.integer({ min: 1, max: 20 }), members), { minLength: 3, maxLength: 3 })
    .map((all) =>
      Object.fromEntries(
        all.map(([first, from, then], i) => [
          `g${String(i)}`,
          [
            { from: 0, members: first },
            { from, members: then },
          ],
        ]),
      ),
    ),
  stages: fc.array(anyStage, { minLength: 1, maxLength: 3 }),
  parallel: fc.boolean(),
  veto: fc.subarray(groupNames, { maxLength: 1 }),
  excluded: fc
    .subarray(names, { maxLength: 1 })
    .map((all) => all.map((one) => ({ person: one, why: 'owner' as const }))),
  deadline: fc.integer({ min: 5, max: 40 }),
  votes: fc
    .array(
      fc.oneof(
        { weight: 7, arbitrary: anyVote },
        { weight: 3, arbitrary: anyGiving },
        { weight: 1, arbitrary: anyTakingBack },
      ),
      { minLength: 6, maxLength: 18 },
    )
    .map((votes) => votes.toSorted((a, b) => a.at - b.at)),
});

/** Stages of one seat each, all asked at once. */
const anyStoryAtOnce: fc.Arbitrary<Told> = anyStory.map((told) => ({
  ...told,
  parallel: true,
  stages: told.stages.map((one) => ({ ...one, quorum: 1 })),
}));

/** One seat, given away at once and voted for by whoever received it: of any stories, few get as far as a grant by such a vote. */
const anyStoryOfAGivenSeat: fc.Arbitrary<Told> = fc
  .record({ told: anyStory, by: fc.constantFrom(...names), until: onceIn(2, fc.integer({ min: 1, max: 5 })), at: fc.integer({ min: 1, max: 12 }) })
  .map(({ told, by, until, at }) => {
    const gives: Act = { by, at: 0, gives_to: 'q0', ...(until !== undefined && { until }), then: '' };
    const votes: Act = { by: 'q0', at, deny: false, confirmed: ['scope'], then: '' };
    return {
      ...told,
      stages: told.stages.slice(0, 1).map((one) => ({ ...one, quorum: 1 })),
      votes: [gives, votes, ...told.votes.slice(6)].toSorted((a, b) => a.at - b.at),
    };
  }); // prettier-ignore

/** A group that decides this stage only because nobody else did. */
function isNext(one: Told['stages'][number] | undefined, group: string | undefined): boolean {
  const own = one?.from?.some((source) => 'group' in source && source.group === group) ?? one?.group === group;
  return group !== undefined && !own && one?.escalate?.to === group;
}

describe('whatever is voted, in whatever order', () => {
  // Two votes of one second are ordered anew by whoever verifies, so each second has one.
  const distinct = (told: Told): Told => ({
    ...told,
    votes: told.votes.filter((vote, i) => told.votes[i - 1]?.at !== vote.at),
  });
  const check = (test: (told: Told, played: Played) => void, stories = anyStory, lie?: Lie): void => {
    fc.assert(
      fc.property(stories.map(distinct), (told) => {
        test(told, play(told, lie));
      }),
      { numRuns: 2_000 },
    );
  };

  it('approvals grants exactly what credentials would release', () => {
    const granted = { in_order: 0, at_once: 0, by_name: 0, by_the_next: 0, by_a_receiver: 0 };
    const test = (told: Told, { counted, state, verified }: Played): void => {
      expect(verified).toBe(state === 'granted');
      if (state !== 'granted') return;
      if (counted.some(({ delegation }) => delegation !== undefined)) granted.by_a_receiver++;
      const seats = counted.map(({ counting }) => counting.seat);
      granted[told.parallel && told.stages.length > 1 ? 'at_once' : 'in_order']++;
      if (seats.some(({ group }) => group === undefined)) granted.by_name++;
      if (seats.some(({ group, stage: n }) => isNext(told.stages[n - 1], group?.id))) granted.by_the_next++;
    };
    for (const stories of [anyStory, anyStoryAtOnce, anyStoryOfAGivenSeat]) check(test, stories);
    // Nothing is proven by stories that never happen.
    expect(Object.entries(granted).filter(([, count]) => count < 5)).toEqual([]);
  });

  it('an approvals that counts on seats whose time is over gets nothing for it', () => {
    let caught = 0;
    const test = (_: Told, { counted, state, verified }: Played): void => {
      if (!counted.some(isLate)) return;
      expect(verified).toBe(false);
      if (state === 'granted') caught++;
    };
    check(test, anyStoryOfAGivenSeat, { forgetsTheEnd: true });
    expect(caught).toBeGreaterThan(0);
  });

  it('a no is the last vote that counts, and nobody counts twice', () => {
    check((_, { counted, state }) => {
      const denies = counted.filter(({ vote }) => vote.decision === 'deny');
      expect(denies).toEqual(denies.length === 0 ? [] : counted.slice(-1));
      if (denies.length > 0) expect(state).toBe('denied');
      const sitting = counted.flatMap(({ counting }) => [
        counting.person,
        ...(counting.delegated ? [counting.delegated.by.id] : []),
      ]);
      expect(new Set(sitting).size).toBe(sitting.length);
    });
  });
});
