import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { approvalGranted, ProblemError, type CountedVote, type DecisionView, type VoteBody } from '#contracts';
import { migrate } from '#database';
import { migrations } from '../../apps/approvals/src/approvals.module.js';
import { agentId, agentOf, groupOf, personOf, planOf, stageOf } from '../../apps/approvals/src/core/plan.fixture.js';
import { accept, judge, makeGate, signEntry, soon, type Accepted } from '../../apps/approvals/src/gate.fixture.js';
import { CastVote } from '../../apps/approvals/src/handlers/cast-vote.js';
import { EndByPerson } from '../../apps/approvals/src/handlers/end-by-person.js';
import { ExpireApprovals } from '../../apps/approvals/src/handlers/expire-approvals.js';
import { OpenApprovals } from '../../apps/approvals/src/handlers/open-approvals.js';
import { ShowApproval } from '../../apps/approvals/src/handlers/show-approval.js';
import { SweepSuspended } from '../../apps/approvals/src/handlers/sweep-suspended.js';
import { ApprovalStore } from '../../apps/approvals/src/io/approval.store.js';
import { makeApprovals, type SaidRow, type TestApprovals } from '../../apps/approvals/src/approvals.fixture.js';
import { Ballots } from '../support/ballots.js';
import { rounds, seed } from '../support/depth.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { Offsets, randomFrom } from '../support/race.js';
import { orderOf, playedInOrder, type Cast, type Rules } from './approvals-crowd.js';

const gate = makeGate();
const ballots = new Ballots(gate);
const crowd = Array.from({ length: 30 }, (_, i) => `p${String(i)}`);
const trio = ['p1', 'p2', 'p3'];
const count = rounds({ quick: 40, deep: 200 });
const spreadMs = 20;

let postgres: TestPostgres;
/** Two replicas of the service on one database; each side of a race runs on its own. */
let left: TestApprovals;
let right: TestApprovals;
let random: () => number;

beforeAll(async () => {
  random = randomFrom(seed('approvals races'));
  postgres = await startPostgres();
  await migrate(postgres.url, [{ service: 'approvals', password: 'spec', migrations }]);
  [left, right] = await Promise.all([replica(), replica()]);
}, 60_000);

afterAll(async () => {
  await Promise.all([left.close(), right.close()]);
  await postgres.remove();
});

async function replica(): Promise<TestApprovals> {
  const service = await makeApprovals(gate, postgres.urlAs('sallyport_approvals', 'spec'));
  for (const id of [...crowd, 'olga', 'stranger']) service.registry.put(personOf(id));
  service.registry.put(groupOf('dba', crowd));
  service.registry.put(groupOf('trio', [...trio, 'olga']));
  service.registry.put(agentOf());
  const allow = { purpose: 'vote', outcome: 'allow', code: 'policy_allowed', plan: undefined } as const;
  service.policy.answer = (evidence) => {
    const accepted = asked.get(evidence.acceptance);
    if (accepted === undefined) throw new TypeError('policy was asked about something else');
    return judge(gate, accepted, allow);
  };
  return service;
}

const asked = new Map<string, Accepted>();

/** One open request, and the digest of its view. */
interface Opened {
  actionId: string;
  digest: string;
  view: DecisionView;
  deadline: number;
}

interface Wish {
  quorum?: number;
  deadline_at?: string;
  group?: string;
  reader?: string;
}

async function open({ quorum = 1, deadline_at = soon(), group = 'dba', reader = 'p0' }: Wish = {}): Promise<Opened> {
  const accepted = accept(gate);
  asked.set(accepted.request.acceptance, accepted);
  const { actionId } = accepted;
  const evidence = judge(gate, accepted, { plan: planOf([stageOf({ quorum, group })], { deadline_at }) });
  await left.hear(OpenApprovals, { action_id: actionId, agent_id: agentId, evidence });
  const { decision: view, view_digest } = await left.get(ShowApproval).handle(actionId, personOf(reader));
  return { actionId, view, digest: view_digest, deadline: new Date(deadline_at).getTime() };
}

async function codeOf(work: Promise<{ state: string }>): Promise<string> {
  try {
    return (await work).state;
  } catch (error) {
    if (error instanceof ProblemError) return error.problem.code;
    throw error;
  }
}

type Side = (opened: Opened) => Promise<string>;

const votes = (service: () => TestApprovals, by: string, decision: VoteBody['decision'] = 'approve'): Side => {
  return ({ actionId, digest, view }) => {
    const [identity] = personOf(by).spec.identities;
    if (identity === undefined) throw new TypeError(`${by} cannot sign in`);
    const said = { decision, reason: '', view_digest: digest, confirmed: [] };
    const body: VoteBody = ballots.sign(identity, view, said);
    return codeOf(
      service()
        .get(CastVote)
        .handle({ actionId, caller: personOf(by), body, traceparent: undefined }),
    );
  };
};

async function stateOf({ actionId }: Opened): Promise<string> {
  const [row] = await left.database.query<{ state: string }>('SELECT state FROM approval WHERE action_id = $1', [
    actionId,
  ]);
  return row?.state ?? 'unknown';
}

/** What both replicas said about it, in the order that readers keep. */
function saidOf({ actionId }: Opened): SaidRow[] {
  const said = [...left.said, ...right.said].filter(({ key }) => key === actionId);
  return said.toSorted((a, b) => a.sequence - b.sequence);
}

const ends = /\.(?:granted|denied|expired|cancelled)\.v1$/u;

/** Every number once, and one end, which is that of the row. */
function expectOneEnd(opened: Opened, state: string): void {
  const said = saidOf(opened);
  expect(said.map(({ sequence }) => sequence)).toEqual(said.map((_, i) => i + 1));
  expect(said.filter(({ type }) => ends.test(type)).map(({ type }) => type)).toEqual([
    `sallyport.approval.${state}.v1`,
  ]);
}

/** Starts both sides from one barrier, one of them up to 20 ms late. */
async function start(opened: Opened, a: Side, b: Side): Promise<[string, string]> {
  const late = Math.round((random() * 2 - 1) * spreadMs);
  return Promise.all([after(Math.max(0, late), () => a(opened)), after(Math.max(0, -late), () => b(opened))]);
}

function after<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  setTimeout(() => {
    resolve(undefined);
  }, ms);
  return promise.then(work);
}

/** Each side must win at least a tenth of the rounds: otherwise nothing raced. */
function expectRaced(wins: Map<string, number>, sides: string[]): void {
  for (const side of sides) expect(wins.get(side) ?? 0).toBeGreaterThanOrEqual(count / 10);
}

async function race(prepare: () => Promise<Opened>, a: Side, b: Side): Promise<Map<string, number>> {
  const wins = new Map<string, number>();
  for (let round = 0; round < count; round += 1) {
    const opened = await prepare();
    const [first, second] = await start(opened, a, b);
    const state = await stateOf(opened);
    expectOneEnd(opened, state);
    const winner = `${first} | ${second}`;
    wins.set(winner, (wins.get(winner) ?? 0) + 1);
  }
  return wins;
}

describe('one winner, whatever runs at the same moment', () => {
  it('two last votes: one grants, the other comes too late', async () => {
    const wins = await race(
      () => open(),
      votes(() => left, 'p1'),
      votes(() => right, 'p2'),
    );
    expectRaced(wins, ['granted | already_decided', 'already_decided | granted']);
    expect([...wins.keys()].toSorted()).toEqual(['already_decided | granted', 'granted | already_decided']);
  }, 120_000);

  it('the two votes of a quorum of two: both count, and grant once', async () => {
    const wins = await race(
      () => open({ quorum: 2 }),
      votes(() => left, 'p1'),
      votes(() => right, 'p2'),
    );
    expect([...wins.keys()].toSorted()).toEqual(['granted | open', 'open | granted']);
  }, 120_000);

  it('the same person on two replicas: counted once', async () => {
    for (let round = 0; round < count; round += 1) {
      const opened = await open({ quorum: 2 });
      const answers = await start(
        opened,
        votes(() => left, 'p1'),
        votes(() => right, 'p1'),
      );
      expect([...answers].toSorted()).toEqual(['not_eligible', 'open']);
    }
  }, 120_000);

  it('a no against a last yes', async () => {
    const wins = await race(
      () => open(),
      votes(() => left, 'p1'),
      votes(() => right, 'p2', 'deny'),
    );
    expectRaced(wins, ['granted | already_decided', 'already_decided | denied']);
    expect(wins.size).toBe(2);
  }, 120_000);

  it('expiry against the last vote', async () => {
    const expiry: Side = async (opened) => {
      while ((await stateOf(opened)) === 'open') await right.fire(ExpireApprovals, opened.actionId);
      return stateOf(opened);
    };
    const offsets = new Offsets(random);
    const lastMoment: Side = async (opened) => {
      const ms = opened.deadline - Date.now() + offsets.next();
      const answer = await after(Math.max(0, ms), () => votes(() => left, 'p1')(opened));
      offsets.won(answer === 'granted' ? 'second' : 'first');
      return answer;
    };
    // As late as the vote has to begin before it on this machine.
    const soonOver = (): number => Date.now() + 60 + Math.max(0, -offsets.centre);
    const opening = () => open({ deadline_at: new Date(soonOver()).toISOString() });
    const wins = await race(opening, lastMoment, expiry);
    expectRaced(wins, ['granted | granted', 'expired | expired']);
    expect(wins.size).toBe(2);
  }, 120_000);

  it('withdraw against the last vote: it is cancelled, or granted and then asked for again', async () => {
    const withdraw: Side = ({ actionId }) =>
      codeOf(
        right
          .get(EndByPerson)
          .handle({ actionId, caller: personOf('p3'), act: 'withdraw', reason: 'no', traceparent: undefined }),
      );
    const wins = await race(
      () => open(),
      votes(() => left, 'p1'),
      withdraw,
    );
    expectRaced(wins, ['granted | granted', 'already_decided | cancelled']);
    expect(wins.size).toBe(2);
  }, 120_000);

  it('a suspension against the last vote', async () => {
    const suspended = signEntry(gate, agentOf({ state: 'suspended' }, 2));
    const sweep: Side = async (opened) => {
      await right.hear(SweepSuspended, { kind: 'agents', id: agentId, version: 2, entry: suspended });
      return stateOf(opened);
    };
    const wins = await race(
      () => open(),
      votes(() => left, 'p1'),
      sweep,
    );
    expectRaced(wins, ['granted | granted', 'already_decided | cancelled']);
    expect(wins.size).toBe(2);
  }, 120_000);
});

it('a vote that waited for its turn until the deadline had passed came too late', async () => {
  const opened = await open({ deadline_at: new Date(Date.now() + 400).toISOString() });
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const holding = right.database.transaction(async (tx) => {
    await right.get(ApprovalStore).lock(tx, [opened.actionId]);
    resolve(undefined);
    await tx.query('SELECT pg_sleep_until($1)', [new Date(opened.deadline + 50)]);
  });
  await promise;
  const waiting = votes(() => left, 'p1')(opened);
  await holding;
  expect(await waiting).toBe('expired');
});

it('a vote after the deadline came too late, also where no timer runs any more', async () => {
  const opened = await open({ deadline_at: new Date(Date.now() + 100).toISOString() });
  await right.database.query('SELECT pg_sleep_until($1)', [new Date(opened.deadline)]);
  for (const decision of ['approve', 'deny'] as const)
    expect(await votes(() => left, 'p1', decision)(opened)).toBe('expired');
  expect(await stateOf(opened)).toBe('open');
  expect(await left.database.query('SELECT 1 FROM vote WHERE action_id = $1', [opened.actionId])).toEqual([]);
});

const shapes: [string, Rules & { group: string }][] = [
  ['two of three people, each many times', { group: 'trio', quorum: 2, members: trio, excluded: ['olga'] }],
  ['five of thirty people', { group: 'dba', quorum: 5, members: crowd, excluded: [] }],
];

describe('fifty votes at once', () => {
  const many = rounds({ quick: 4, deep: 300 });
  const somebody = (people: readonly string[]): string => people[Math.floor(random() * people.length)] ?? '';

  it.each(shapes)(
    'of %s are answered, and counted, as if one after the other',
    async (_, { group, ...rules }) => {
      const [reader = ''] = rules.members;
      const ends = new Map<string, number>();
      for (let round = 0; round < many; round += 1) {
        const opened = await open({ quorum: rules.quorum, group, reader });
        const casts = await Promise.all(
          Array.from({ length: 50 }, async (__, i): Promise<Cast> => {
            const by = somebody([...rules.members, ...rules.excluded, 'stranger']);
            const decision = random() < 0.15 ? 'deny' : 'approve';
            return { by, decision, answer: await votes(() => (i % 2 === 0 ? left : right), by, decision)(opened) };
          }),
        );
        // A vote that was refused is not among them.
        const rows = await left.database.query<Pick<Cast, 'by' | 'decision'>>(
          'SELECT person AS by, decision FROM vote WHERE action_id = $1 ORDER BY counted_at',
          [opened.actionId],
        );
        const order = orderOf(rows, casts);
        expect(order.map(({ answer }) => answer)).toEqual(playedInOrder(order, rules));
        const state = await stateOf(opened);
        expect(state).toBe(casts.find(({ answer }) => answer === 'granted' || answer === 'denied')?.answer ?? 'open');
        if (state !== 'open') expectOneEnd(opened, state);
        expect(grantedBy(opened).toSorted()).toEqual(state === 'granted' ? rows.map(({ by }) => by).toSorted() : []);
        ends.set(state, (ends.get(state) ?? 0) + 1);
      }
      console.info([...ends].map(([state, times]) => `${String(times)} ${state}`).join(', '));
    },
    600_000,
  );
});

/** Whose votes the granting passes on as evidence. */
function grantedBy(opened: Opened): string[] {
  const granted = saidOf(opened).find(({ type }) => type === approvalGranted.type);
  const { votes = [] } = (granted?.data['evidence'] ?? {}) as { votes?: CountedVote[] };
  return votes.map(({ counting }) => decodeJwt<{ person: string }>(counting).person);
}
