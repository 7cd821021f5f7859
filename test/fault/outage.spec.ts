import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { serviceNames, type ServiceName } from '#platform';
import { newActionId, type Lease } from '#sdk';
import { Bus } from '../support/bus.js';
import { rounds } from '../support/depth.js';
import { eventually } from '../support/eventually.js';
import { RoleTarget, roleRefund } from '../support/role-target.js';
import { Leaving } from '../support/leaving.js';
import { refund, RunningGate } from '../support/running-gate.js';
import { scratchFolder } from '../support/scratch.js';
import { ToldOutcomes, type Ask } from '../support/told-outcomes.js';

/* Kafka, PostgreSQL and a target are away for a while, under a trickle of requests through the HTTP door. */

let gate: RunningGate;
let bus: Bus;
let target: RoleTarget;
const leaving = new Leaving();
const scratch = leaving.add(scratchFolder('outage'), (folder) => folder.remove());
const awayMs = rounds({ quick: 5, deep: 30 }) * 1_000;
const patience = { withinMs: 90_000, everyMs: 200 };
const trickleMs = 250;

beforeAll(async () => {
  gate = leaving.add(await RunningGate.start({ dir: scratch.dir, agents: 2 }), (one) => one.stop());
  bus = leaving.add(await Bus.connect(gate.brokers), (one) => one.stop());
  target = await RoleTarget.install(gate);
}, 180_000);

afterAll(async () => {
  await leaving.all();
}, 90_000);

/** Agents that ask all the time, each with the patience of the SDK. */
class Trickle {
  readonly #asks: Promise<Ask>[] = [];
  readonly #stopping = new AbortController();
  readonly #running = this.#run();

  /** Every request was accepted in the end, whatever was away meanwhile. */
  async stop(): Promise<Ask[]> {
    this.#stopping.abort();
    await this.#running;
    return Promise.all(this.#asks);
  }

  async #run(): Promise<void> {
    for (let n = 0; !this.#stopping.signal.aborted; n += 1) {
      this.#asks.push(this.#ask(n));
      await pause(trickleMs);
    }
  }

  async #ask(n: number): Promise<Ask> {
    const agent = gate.agent(n % gate.agents.length);
    const actionId = newActionId();
    // The same action again: an answer that was lost must not become a second action.
    const ticket = await eventually(() => agent.sdk.ask(refund(100), actionId), patience);
    return { agent, ticket };
  }
}

interface Ready {
  ready: boolean;
  parts: Record<string, { ok: boolean }>;
}

/** What a service says about itself; it answers whatever is away. */
async function brokenParts(service: ServiceName): Promise<string[]> {
  const answer = await fetch(`${gate.world.serviceUrl(service)}/readyz`, { signal: AbortSignal.timeout(10_000) });
  const { ready, parts } = (await answer.json()) as Ready;
  expect(answer.status).toBe(ready ? 200 : 503);
  return Object.entries(parts).flatMap(([name, { ok }]) => (ok ? [] : [name]));
}

const pids = (): number[] =>
  serviceNames.map((name) => {
    const process = gate.world.process(name);
    return process.running() ? process.pid : -1;
  });

interface Part {
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** Takes a part away under load, and gives it back: everything that was asked is offered once, by the same processes. */
async function survives(part: Part, service: ServiceName, says: readonly string[]): Promise<void> {
  const before = pids();
  const trickle = new Trickle();
  await pause(1_000);
  await part.kill();
  const from = performance.now();
  await eventually(async () => {
    expect((await brokenParts(service)).some((name) => says.includes(name))).toBe(true);
  }, { withinMs: 40_000, everyMs: 200 }); // prettier-ignore
  await pause(Math.max(0, awayMs - (performance.now() - from)));
  await part.start();
  await pause(1_000);
  const asks = await trickle.stop();
  const told = await ToldOutcomes.follow(gate, bus);
  await eventually(() => {
    expect(asks.filter((ask) => told.leaseOf(ask) === undefined)).toHaveLength(0);
  }, patience);
  for (const ask of asks) expect(told.namesOf(ask)).toStrictEqual(['offered']);
  await told.stop();
  await eventually(async () => {
    for (const name of serviceNames) expect(await brokenParts(name)).toStrictEqual([]);
  }, patience);
  expect(pids()).toStrictEqual(before);
  expect(asks.length).toBeGreaterThan(awayMs / trickleMs / 2);
}

describe('nothing is lost and nobody restarts', () => {
  it('while Kafka is away', () => survives(gate.world.kafka, 'policy', ['hearing', 'sending']), 240_000);

  it('while PostgreSQL is away', () => survives(gate.world.postgres, 'policy', ['database']), 240_000);
});

describe('a target that is away', () => {
  async function offered(): Promise<{ ask: Ask; redeem: () => Promise<Lease> }> {
    const agent = gate.agent(0);
    const ticket = await agent.sdk.ask(roleRefund(300));
    const { lease } = await agent.sdk.wait(ticket);
    if (lease === undefined) throw new Error('no offer');
    return { ask: { agent, ticket }, redeem: () => agent.sdk.redeem(ticket, lease) };
  }

  it('at redeem leaves the lease on offer, and at its end is waited for', async () => {
    const before = pids();
    const { ask, redeem } = await offered();
    await gate.world.target.kill();
    const redeeming = redeem();
    // It is answered 503 meanwhile, and the agent's program asks again.
    await pause(1_000);
    expect((await ask.agent.sdk.status(ask.ticket))?.state).toBe('offered');
    await gate.world.target.start();
    const lease = await redeeming;
    expect((await target.roles()).map(({ leaseId }) => leaseId)).toStrictEqual([lease.leaseId]);
    await gate.world.target.kill();
    await lease.complete();
    await pause(awayMs / 5);
    expect((await ask.agent.sdk.status(ask.ticket))?.state).toBe('released');
    await gate.world.target.start();
    const over = await ask.agent.sdk.wait(ask.ticket, { until: ({ state }) => state === 'ended', timeoutMs: 60_000 });
    expect(over.code).toBe('completed');
    expect(await target.roles()).toStrictEqual([]);
    expect(pids()).toStrictEqual(before);
  }, 180_000);
});
