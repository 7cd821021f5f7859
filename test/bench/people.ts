import { setTimeout as pause } from 'node:timers/promises';
import { inLanes } from '../support/lanes.js';
import { refund, type RunningGate } from '../support/running-gate.js';
import { latencies, percentile, round, type Latencies } from './figures.js';
import type { ProductChain } from './product-chain.js';
import { Requests } from './seeded-requests.js';

export interface PeopleFigures {
  /** Requests that wait for people, from the first one asked to the last one routed. */
  opened_per_second: number;
  /** One vote on each of many requests. */
  votes_per_second: number;
  /** Everybody of a group of fifty at once on one request that wants one of them: answers a second, with a no for those who come late. */
  votes_on_one_per_second: number;
  inbox: Latencies & { lines: number };
  deadlines: { due: number; drained_s: number; p99_ms_before: number; p99_ms_meanwhile: number };
  /** What stood between the figures and an error. */
  refused: Record<string, number>;
}

const lanes = 16;
const big = refund(10_000);
const crowd = Array.from({ length: 50 }, (_, n) => `voter-${String(n)}`);
const manyGroups = Array.from({ length: 100 }, (_, n) => `team-${String(n)}`);

export interface PeopleWish {
  seconds: number;
  /** Rows that are there already. */
  open: number;
  closed: number;
  due: number;
}

/** What people's part of a request costs, and what a full inbox does to it. */
export async function measurePeople(gate: RunningGate, chain: ProductChain, wish: PeopleWish): Promise<PeopleFigures> {
  const votes = new Votes(gate, chain);
  await votes.register();
  const opened = await votes.openMany(1_000);
  const many = await votes.oneEach(opened.actionIds);
  const onOne = await votes.allOnOne(Math.max(2, Math.round(wish.seconds / 6)));
  const requests = await Requests.like(gate, await votes.anOpenOne());
  try {
    await requests.fill({ open: wish.open, closed: wish.closed, groups: manyGroups });
    const inbox = await readInbox(gate, 200);
    await requests.clear();
    const deadlines = await drain(chain, requests, wish);
    return {
      opened_per_second: opened.perSecond,
      votes_per_second: many,
      votes_on_one_per_second: onOne,
      inbox,
      deadlines,
      refused: votes.refused,
    };
  } finally {
    await requests.close();
  }
}

class Votes {
  readonly refused: Record<string, number> = {};

  constructor(
    private readonly gate: RunningGate,
    private readonly chain: ProductChain,
  ) {}

  /** Fifty more people who may decide, each signed in; one of them belongs to twenty of a hundred other groups too. */
  async register(): Promise<void> {
    const limits = [{ amount_minor: 100_000_000, currency: 'EUR' }];
    const iss = this.gate.issuer.issuer;
    await inLanes(crowd, lanes, (id) =>
      this.gate.put('people', id, { identities: [{ iss, sub: id }], name: id, limits, state: 'active' }),
    );
    const members = ['fiona', 'felix', ...crowd];
    await this.gate.change('groups', 'finance', (spec) => ({ ...spec, members }));
    await inLanes(manyGroups, lanes, (id) =>
      this.gate.put('groups', id, {
        members: manyGroups.indexOf(id) < 20 ? ['fiona', 'felix'] : ['felix'],
        channel: {},
      }),
    );
    await inLanes(crowd, lanes, async (id) => {
      await this.gate.voter(id);
    });
  }

  async openMany(count: number): Promise<{ actionIds: string[]; perSecond: number }> {
    const actionIds: string[] = [];
    this.chain.onPending = (actionId) => {
      actionIds.push(actionId);
    };
    const started = performance.now();
    for (let sent = 0; sent < count; sent += 100) await this.chain.send(Math.min(100, count - sent), big);
    while (actionIds.length < count && performance.now() - started < 60_000) await pause(5);
    this.chain.onPending = () => undefined;
    if (actionIds.length < count) throw new Error(`of ${String(count)} requests only ${String(actionIds.length)} wait`);
    return { actionIds, perSecond: round(actionIds.length / ((performance.now() - started) / 1_000)) };
  }

  async anOpenOne(): Promise<string> {
    const [actionId = ''] = (await this.openMany(1)).actionIds;
    return actionId;
  }

  async oneEach(actionIds: readonly string[]): Promise<number> {
    const votes = await this.prepared(actionIds.map((actionId) => ({ actionId, by: 'fiona' })));
    return this.cast(votes);
  }

  async allOnOne(rounds: number): Promise<number> {
    const rates: number[] = [];
    for (let n = 0; n < rounds; n += 1) {
      const actionId = await this.anOpenOne();
      rates.push(await this.cast(await this.prepared(crowd.map((by) => ({ actionId, by })))));
    }
    return round(percentile(rates, 50));
  }

  /** What is read and signed before the clock starts. */
  private async prepared(whose: { actionId: string; by: string }[]) {
    const votes: { by: string; path: string; body: object }[] = [];
    await inLanes(whose, lanes, async ({ actionId, by }) => {
      votes.push({ by, path: `/v1/approvals/${actionId}/votes`, body: await this.gate.voteOf(by, actionId) });
    });
    return votes;
  }

  private async cast(votes: { by: string; path: string; body: object }[]): Promise<number> {
    const started = performance.now();
    await inLanes(votes, lanes, async ({ body, by, path }) => {
      const answer = await this.gate.as(by, 'approvals', path, { method: 'POST', body });
      if (!answer.ok) this.note(`${String(answer.status)} ${((await answer.json()) as { code: string }).code}`);
    });
    return round(votes.length / ((performance.now() - started) / 1_000));
  }

  private note(why: string): void {
    this.refused[why] = (this.refused[why] ?? 0) + 1;
  }
}

/** What fiona, of twenty groups, may decide. */
async function readInbox(gate: RunningGate, times: number): Promise<PeopleFigures['inbox']> {
  const measured: number[] = [];
  let lines = 0;
  for (let n = 0; n < times; n += 1) {
    const started = performance.now();
    const answer = await gate.as('fiona', 'approvals', '/v1/approvals?state=open&mine=true');
    if (!answer.ok) throw new Error(`the inbox: ${String(answer.status)} ${await answer.text()}`);
    lines = ((await answer.json()) as { approvals: unknown[] }).approvals.length;
    measured.push(performance.now() - started);
  }
  return { ...latencies(measured), lines };
}

/** So many deadlines in one second, beside ordinary traffic. */
async function drain(chain: ProductChain, requests: Requests, wish: PeopleWish): Promise<PeopleFigures['deadlines']> {
  const traffic = 20;
  const before = await chain.at(traffic, Math.min(20, wish.seconds), refund(100));
  await requests.fill({ open: wish.due, closed: 0, groups: ['team-0'], dueInSeconds: 1 });
  const started = performance.now();
  const isDrained = requests.untilNoneIsDue().then(() => (performance.now() - started) / 1_000);
  const meanwhile = await chain.at(traffic, wish.seconds, refund(100));
  return {
    due: wish.due,
    drained_s: round(await isDrained),
    p99_ms_before: before.p99,
    p99_ms_meanwhile: meanwhile.p99,
  };
}
