import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { entryId, person, stage, plan as planSchema, type Known, type Plan } from '#contracts';
import { satisfies, type VerifiedVote } from '#trust';
import { expire } from '../../apps/approvals/src/core/endings.js';
import { deciderOf } from '../../apps/approvals/src/core/decider.js';
import type { Held } from '../../apps/approvals/src/core/approval.js';
import {
  at as instant, bodyOf, circleOf, groupOf, heldOf, idp, personOf, planOf, stageOf, viewDigest,
} from '../../apps/approvals/src/core/plan.fixture.js'; // prettier-ignore
import { considerVote, countVote, waitsAfter } from '../../apps/approvals/src/core/vote.js';
import { stagesAtFirst, waitsFor, type WaitsFor } from '../../apps/approvals/src/core/waits-for.js';

const at = (second: number): string => instant(second).toISOString();
const actionId = '01938a1e-7c00-7000-8000-000000000001';

interface Cast {
  stage: number;
  /** The stage that the person named. */
  named: number | undefined;
  group: { id: string; version: number } | undefined;
  personVersion: number;
  second: number;
  deny: boolean;
  confirmed: string[];
}

/** A vote and its counting, as their signatures would have been verified. */
function voteOf(
  by: string,
  { confirmed, deny, group, named, personVersion, second, stage: number }: Cast,
): VerifiedVote {
  const gate = 'gate.test.example';
  const about = { gate, action_id: actionId };
  const digests = { action_digest: viewDigest, plan_digest: viewDigest, view_digest: viewDigest };
  const said = {
    decision: deny ? 'deny' : 'approve',
    reason: '',
    confirmed,
    ...(named !== undefined && { stage: named }),
  } as const;
  return {
    vote: { ...about, ...digests, variant: 'full', ...said, jti: actionId, iat: 1_800_000_000 },
    key: { gate, thumbprint: 'A'.repeat(43), iss: idp, sub: `sub-${by}`, until: 1_800_028_800 },
    counting: {
      ...about,
      person: by,
      proof_digest: viewDigest,
      person_version: personVersion,
      seat: { stage: number, ...(group && { group }) },
      received_at: at(second),
    },
  };
}

const personRow = z.strictObject({
  from: z.int().default(0),
  limits: person.shape.limits,
  state: person.shape.state.default('active'),
});
const story = z.strictObject({
  name: z.string(),
  people: z.record(z.string(), z.union([personRow, z.array(personRow).min(1)])).default({}),
  groups: z.record(
    z.string(),
    z.union([z.array(z.string()), z.array(z.strictObject({ from: z.int(), members: z.array(z.string()) })).min(1)]),
  ),
  stages: z.array(
    stage
      .partial()
      .omit({ stage: true })
      .extend({ confirmations: z.array(z.string()).default([]) }),
  ),
  parallel: z.boolean().default(false),
  veto: z.array(entryId).default([]),
  excluded: planSchema.shape.excluded.default([]),
  deadline: z.int().default(3_600),
  votes: z.array(
    z.strictObject({
      by: z.string(),
      at: z.int(),
      deny: z.boolean().default(false),
      confirmed: z.array(z.string()).default([]),
      /** The stage that the person names. */
      stage: z.int().optional(),
      then: z.string(),
    }),
  ),
  until: z.int().optional(),
  state: z.enum(['open', 'granted', 'denied', 'expired']),
});
type Story = z.infer<typeof story>;
type Told = Omit<Story, 'name' | 'state'>;

function planIn({ deadline, excluded, parallel, stages, veto }: Told): Plan {
  const numbered = stages.map(({ confirmations, quorum, ...rest }, i) => {
    const points = confirmations.map((id) => ({ id, text: id }));
    return stageOf({ ...rest, stage: i + 1, quorum: quorum ?? 1, confirmations: points });
  });
  const counts = stages.some((one) => one.deadline_seconds !== undefined || one.escalate !== undefined);
  return planOf(numbered, {
    excluded,
    ...(veto.length > 0 && { veto }),
    ...(parallel && { parallel: true as const }),
    ...(counts && { begins_at: at(0) }),
    deadline_at: at(deadline),
  });
}

/** All versions of each group and person, as the registry keeps them, with the second at which each begins. */
function registryOf({ groups, people, votes }: Told) {
  const everybody = new Set([...votes.map(({ by }) => by), ...Object.keys(people)]);
  const groupVersions = Object.entries(groups).flatMap(([id, given]) =>
    given
      .map((one) => (typeof one === 'string' ? undefined : one))
      .filter((one) => one !== undefined)
      .concat(given.every((one) => typeof one === 'string') ? [{ from: 0, members: given }] : [])
      .map(({ from, members }, i) => ({ from, entry: groupOf(id, members, i + 1) })),
  );
  const personVersions = [...everybody].flatMap((id) =>
    [people[id] ?? personRow.parse({})]
      .flat()
      .map(({ from, ...spec }, i) => ({ from, entry: { ...personOf(id, spec), version: i + 1 } })),
  );
  return { groupVersions, personVersions };
}

/** What is in force at this second: the newest version of each. */
function current<E extends { id: string }>(versions: { from: number; entry: E }[], second: number): Map<string, E> {
  return new Map(versions.filter(({ from }) => from <= second).map(({ entry }) => [entry.id, entry]));
}

interface Played {
  answers: string[];
  state: Held['state'];
  counted: VerifiedVote[];
  verified: ReturnType<typeof satisfies>;
}

/** Plays a story as approvals decides it, and hands what was counted to what credentials verifies with. */
function play(told: Told): Played {
  const plan = planIn(told);
  const { groupVersions, personVersions } = registryOf(told);
  const held = heldOf();
  const wait = ({ beganAt = instant(0), deadlineAt, openStages, stage: first }: WaitsFor): void => {
    Object.assign(held, { beganAt, deadlineAt, openStages, stage: first });
  };
  wait(waitsFor(plan, stagesAtFirst(plan)));
  const counted: VerifiedVote[] = [];
  const answers = told.votes.map(({ by, confirmed, deny, at: second, stage: named }) => {
    held.now = new Date(at(second));
    const known = current<Known<'people'>>(personVersions, second).get(by) ?? personOf(by);
    const groups = [...current<Known<'groups'>>(groupVersions, second).values()];
    const body = bodyOf({ decision: deny ? 'deny' : 'approve', confirmed, stage: named });
    const voted = counted.some(({ counting }) => counting.person === by);
    const around = {
      held,
      person: deciderOf(known),
      circle: circleOf(plan, groups, []),
      planNo: 1,
      variant: 'full' as const,
      viewDigest,
      voted,
    };
    const seat = considerVote(body, around);
    if ('code' in seat) return seat.why ?? seat.code;
    const before = counted.map(({ counting, vote }) => ({ stage: counting.seat.stage, decision: vote.decision }));
    const group = seat.group && { id: seat.group.id, version: seat.group.version };
    const cast = { stage: seat.stage.stage, named, group, personVersion: known.version, second, deny, confirmed };
    counted.push(voteOf(by, cast));
    const result = countVote(plan, seat.stage, { decision: body.decision, before });
    if (result.then === 'granted' || result.then === 'denied') held.state = result.then;
    const waits = waitsAfter(plan, held, result);
    if (waits !== undefined) wait(waits);
    return result.then;
  });
  if (told.until !== undefined) held.now = new Date(at(told.until));
  const ending = expire(held);
  const facts = { groups: groupVersions.map((g) => g.entry), people: personVersions.map((p) => p.entry) };
  return {
    answers,
    state: typeof ending === 'string' ? held.state : ending.state,
    counted,
    verified: satisfies(plan, counted, facts),
  };
}

const folder = new URL('plans/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));

describe.each(files)('plans/%s', (file) => {
  const stories = z.array(story).parse(JSON.parse(readFileSync(new URL(file, folder), 'utf8')));

  it.each(stories.map((one) => [one.name, one] as const))('%s', (_, one) => {
    const played = play(one);
    expect(played.answers).toEqual(one.votes.map(({ then }) => then));
    expect(played.state).toBe(one.state);
    expect(played.verified.ok).toBe(one.state === 'granted');
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
      fc.record({
        by: fc.constantFrom(...names),
        at: fc.nat(25),
        deny: fc.integer({ min: 0, max: 19 }).map((n) => n === 7),
        confirmed: fc.nat(7).map((n) => (n === 3 ? [] : ['scope'])),
        stage: fc.constantFrom(undefined, 1, 1, 2, 2, 3),
        then: fc.constant(''),
      }),
      { minLength: 6, maxLength: 14 },
    )
    .map((votes) => votes.toSorted((a, b) => a.at - b.at)),
});

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
  const check = (test: (told: Told, played: Played) => void): void => {
    fc.assert(
      fc.property(anyStory.map(distinct), (told) => {
        test(told, play(told));
      }),
      { numRuns: 2_000 },
    );
  };

  it('approvals grants exactly what credentials would release', () => {
    const granted = { in_order: 0, at_once: 0, by_name: 0, by_the_next: 0 };
    check((told, { counted, state, verified }) => {
      expect(verified.ok).toBe(state === 'granted');
      if (state !== 'granted') return;
      const seats = counted.map(({ counting }) => counting.seat);
      granted[told.parallel && told.stages.length > 1 ? 'at_once' : 'in_order']++;
      if (seats.some(({ group }) => group === undefined)) granted.by_name++;
      if (seats.some(({ group, stage: n }) => isNext(told.stages[n - 1], group?.id))) granted.by_the_next++;
    });
    // Nothing is proven by stories that never happen.
    expect(Object.entries(granted).filter(([, count]) => count < 5)).toEqual([]);
  });

  it('a no is the last vote that counts, and nobody counts twice', () => {
    check((_, { counted, state }) => {
      const denies = counted.filter(({ vote }) => vote.decision === 'deny');
      expect(denies).toEqual(denies.length === 0 ? [] : counted.slice(-1));
      if (denies.length > 0) expect(state).toBe('denied');
      expect(new Set(counted.map(({ counting }) => counting.person)).size).toBe(counted.length);
    });
  });
});
