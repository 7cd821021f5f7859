import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { pullAnswer, pullsAnswer } from '#contracts';
import type { Lease } from '#sdk';
import { inLanes } from '../support/lanes.js';
import { roleRefund } from '../support/role-target.js';
import type { RunningGate } from '../support/running-gate.js';
import { round } from './figures.js';
import type { ProductChain } from './product-chain.js';
import { collectOffers } from './redeem.js';

export interface Pulled {
  live: number;
  /** Open sessions that run a statement every few milliseconds. */
  sessions: number;
  answered_ms: number;
  /** From the call to the last statement that the target ran. */
  last_statement_ms: number;
  /** Until every lease is over, verified. */
  all_ended_s: number;
}

const mostSessions = 120;
const door = '/v1/kill-switch';

/** The kill switch for a target with so many live logins. It is released again afterwards. */
export async function pullSwitch(gate: RunningGate, chain: ProductChain, live: number): Promise<Pulled> {
  await gate.put('groups', 'security-officers', { members: ['fiona', 'felix'], channel: {} });
  const leases = await manyLogins(chain, live);
  const sessions = await Promise.all(leases.slice(0, mostSessions).map((lease) => Session.open(lease)));
  await pause(500);
  const started = performance.now();
  const body = { scope: 'target', id: 'ledger-database', reason: 'drill' };
  const answer = await gate.as('fiona', 'credentials', door, { method: 'POST', body });
  const answered = performance.now() - started;
  const { id, live: pulled } = pullAnswer.parse(await answer.json());
  const last = Math.max(...(await Promise.all(sessions.map((session) => session.cut))));
  const all_ended_s = await untilOver(gate, id, started);
  await release(gate, id);
  return {
    live: pulled,
    sessions: sessions.length,
    answered_ms: round(answered, 0),
    last_statement_ms: round(Math.max(0, last - started), 0),
    all_ended_s,
  };
}

async function manyLogins(chain: ProductChain, count: number): Promise<Lease[]> {
  const leases: Lease[] = [];
  await inLanes(await collectOffers(chain, roleRefund(600), count), 16, async ({ agent, ticket, value }) => {
    if (value.lease !== undefined) leases.push(await agent.sdk.redeem(ticket, value.lease));
  });
  return leases;
}

/** One login that asks again and again until it is cut. */
class Session {
  /** When its last statement came back, as `performance.now()` says it. */
  readonly cut: Promise<number>;

  private constructor(client: pg.Client) {
    this.cut = Session.#ask(client);
  }

  static async open({ credential }: Lease): Promise<Session> {
    if (credential.kind !== 'postgres') throw new TypeError('not a login');
    const { database, host, password, port, user } = credential;
    const client = new pg.Client({ host, port, database, user, password });
    client.on('error', () => undefined);
    await client.connect();
    return new Session(client);
  }

  static async #ask(client: pg.Client): Promise<number> {
    let last = performance.now();
    try {
      for (;;) {
        await client.query('SELECT 1');
        last = performance.now();
        await pause(50);
      }
    } catch {
      return last;
    }
  }
}

async function untilOver(gate: RunningGate, id: string, started: number): Promise<number> {
  while (performance.now() - started < 300_000) {
    const { pulls } = pullsAnswer.parse(await (await gate.as('fiona', 'credentials', door)).json());
    if (pulls.find((pull) => pull.id === id)?.live === 0) return round((performance.now() - started) / 1_000);
    await pause(100);
  }
  return Number.POSITIVE_INFINITY;
}

async function release(gate: RunningGate, id: string): Promise<void> {
  for (const officer of ['fiona', 'felix']) {
    const body = { reason: 'drill is over' };
    const answer = await gate.as(officer, 'credentials', `${door}/${id}/release`, { method: 'POST', body });
    if (!answer.ok) throw new Error(`release: ${String(answer.status)} ${await answer.text()}`);
  }
}
