import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FaultPoint } from '#platform';
import { GateError, type Asked, type Lease } from '#sdk';
import { Bus } from '../support/bus.js';
import { chosen, rounds, seed } from '../support/depth.js';
import { eventually } from '../support/eventually.js';
import { Leaving } from '../support/leaving.js';
import { randomFrom } from '../support/race.js';
import { RoleTarget, roleRefund } from '../support/role-target.js';
import { refund, RunningGate } from '../support/running-gate.js';
import { scratchFolder } from '../support/scratch.js';
import { ToldOutcomes, type Ask } from '../support/told-outcomes.js';

/*
 * One life of a lease, with the process that holds it killed at one of its writes: before the commit of that write, or right
 * after it. The agent does what agents do: it asks again. What is left is judged from outside, and by what the target holds.
 */

const writes = ['offer', 'intent', 'record', 'begin of the end', 'end'] as const;
const points = ['lease-written', 'lease-committed'] as const satisfies FaultPoint[];
const mintSeconds = 3;
const ttlSeconds = 15;
const patience = { withinMs: 60_000, everyMs: 50 };

const issuers = {
  token: () => tokenRefund(),
  'postgres-role': () => roleRefund(ttlSeconds),
  'postgres-brokered': () => statementRefund(),
} as const satisfies Record<string, () => Asked>;
type Issuing = keyof typeof issuers;

let gate: RunningGate;
let target: RoleTarget;
let told: ToldOutcomes;
const leaving = new Leaving();
const scratch = leaving.add(scratchFolder('crash'), (folder) => folder.remove());

beforeAll(async () => {
  const credentials = { SALLYPORT_CREDENTIALS_MINT_SECONDS: String(mintSeconds) };
  const wish = { dir: scratch.dir, agents: 1, services: { credentials } };
  gate = leaving.add(await RunningGate.start(wish), (one) => one.stop());
  const bus = leaving.add(await Bus.connect(gate.brokers), (one) => one.stop());
  target = await RoleTarget.install(gate);
  await letStatementsIn();
  told = leaving.add(await ToldOutcomes.follow(gate, bus), (one) => one.stop());
}, 180_000);

afterAll(async () => {
  await leaving.all();
}, 90_000);

/** What was collected and never came back ends by itself soon. */
function tokenRefund(): Asked {
  const asked = refund(100);
  return { ...asked, requested_access: { ...asked.requested_access, ttl_seconds: ttlSeconds } };
}

/** A refund that the gate writes into a table of the target itself. */
function statementRefund(): Asked {
  const { action, ...rest } = refund(100);
  const properties = { ...action.properties, statement: 'INSERT INTO given (order_id) VALUES (1)' };
  return { ...rest, action: { ...action, properties }, requested_access: { profile: 'refund-statements', ttl_seconds: ttlSeconds, uses: 1 } };
} // prettier-ignore

async function letStatementsIn(): Promise<void> {
  await target.ask('CREATE TABLE given (order_id int, at timestamptz DEFAULT clock_timestamp())');
  await target.ask('GRANT INSERT ON given TO refund_writers');
  await gate.change('action-types', 'payment.refund', (spec) => {
    const schema = spec.properties_schema as { properties: object };
    const properties = { ...schema.properties, statement: { type: 'string' } };
    return { ...spec, properties_schema: { ...schema, properties } };
  });
  await gate.put('profiles', 'refund-statements', {
    issuer: 'postgres-brokered', target: 'ledger-database', target_profile: 'refund-writers',
    actions: ['payment.refund'], resources: ['payments/shop'],
    max_ttl_seconds: 600, max_rows: 10, uses: 1, requires_person: false, min_quorum: 0,
  }); // prettier-ignore
}

async function asks(asked: Asked): Promise<Ask> {
  const agent = gate.agent();
  return { agent, ticket: await agent.sdk.ask(asked) };
}

/** The agent collects; where nothing was decided it tries again. */
async function collects(ask: Ask): Promise<Lease | undefined> {
  const offer = told.leaseOf(ask);
  if (offer === undefined) throw new Error('there is no offer');
  return eventually(async () => {
    try {
      return await ask.agent.sdk.redeem(ask.ticket, offer);
    } catch (error) {
      if (error instanceof GateError && !error.isTransient) return undefined;
      throw error;
    }
  }, patience);
}

/** Answers what the agent held of it; undefined where it got nothing. */
async function life(ask: Ask): Promise<Lease | undefined> {
  await eventually(() => {
    expect(told.leaseOf(ask)).toBeDefined();
  }, patience);
  const lease = await collects(ask);
  if (lease !== undefined) await eventually(() => ask.agent.sdk.complete(lease.leaseId), patience);
  await eventually(() => {
    expect(told.terminalOf(ask)).toHaveLength(1);
  }, patience);
  return lease;
}

/** What the whole story may be, in the order in which the agent hears it. */
const stories: Record<Issuing, string[][]> = {
  token: [['offered', 'released', 'ended'], ['offered', 'refused']],
  'postgres-role': [['offered', 'released', 'ended'], ['offered', 'refused']],
  'postgres-brokered': [['offered', 'released', 'ended'], ['offered', 'refused'], ['offered', 'ended']],
}; // prettier-ignore

async function judge(ask: Ask, issuing: Issuing, before: number): Promise<void> {
  expect(stories[issuing]).toContainEqual(told.namesOf(ask));
  expect(await target.roles()).toEqual([]);
  const after = await count();
  const hasRun = told.namesOf(ask).at(-1) === 'ended' && issuing === 'postgres-brokered';
  expect(after - before).toBe(hasRun ? 1 : 0);
}

async function count(): Promise<number> {
  const [row] = await target.ask<{ count: number }>('SELECT count(*)::int AS count FROM given');
  return row?.count ?? 0;
}

const matrix = points.flatMap((point) =>
  (Object.keys(issuers) as Issuing[]).flatMap((issuing) =>
    writes.map((write, index): [string, Issuing, FaultPoint, number] => [write, issuing, point, index + 1]),
  ),
);
const some = chosen(matrix, rounds({ quick: 2, deep: matrix.length }), randomFrom(seed('crashes')));

describe('a lease whose process is killed at a write', () => {
  it.each(some)('%s of a %s, %s', async (write, issuing, point, pass) => {
    const before = await count();
    await gate.world.stop('credentials');
    await gate.world.startService('credentials', { SALLYPORT_FAULT: `${point}:${String(pass)}` });
    const ask = await asks(issuers[issuing]());
    const lived = life(ask);
    const { signal } = await gate.world.process('credentials').exited;
    expect(signal).toBe('SIGKILL');
    await gate.world.startService('credentials');
    const lease = await lived;
    await judge(ask, issuing, before);
    // What was released reached its agent: an answer that was lost with the process was fetched again.
    if (told.namesOf(ask).includes('released')) expect(lease).toBeDefined();
    if (write === 'record' && point === 'lease-committed') expect(told.namesOf(ask)).toContain('released');
  }, 120_000); // prettier-ignore
});
