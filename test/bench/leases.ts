import pg from 'pg';
import type { Asked, Lease } from '#sdk';
import { inLanes } from '../support/lanes.js';
import { refund, type RunningGate } from '../support/running-gate.js';
import { roleRefund } from '../support/role-target.js';
import { latencies, round, type Latencies } from './figures.js';
import type { ProductChain } from './product-chain.js';
import { collectOffers } from './redeem.js';
import { Leases } from './seeded-leases.js';
import { pullSwitch, type Pulled } from './switch.js';

export interface LeaseFigures {
  /** From the call of redeem to the first thing done with what it gave; one at a time. */
  usable: Record<'token' | 'role' | 'brokered', Latencies>;
  /** The same without the gate: a role made, granted and used; a statement in a transaction. */
  usable_floor: Record<'role' | 'brokered', Latencies>;
  consume_per_second: number;
  kill_switch: Pulled;
  /** Of the service that holds leases, with so many of them there. */
  ready: { leases: number; seconds: number };
  expiry: { due: number; lag_p50_s: number; lag_p99_s: number; lag_most_s: number };
}

export interface LeaseWish {
  seconds: number;
  live: number;
  rows: number;
}

const statement = 'SELECT 1';
const brokered: Asked = {
  ...refund(100),
  action: { name: 'payment.refund', properties: { ...refund(100).action.properties, statement } },
  requested_access: { profile: 'refund-statements', ttl_seconds: 60, uses: 1 },
};

/** What leases cost, and how fast they end. */
export async function measureLeases(gate: RunningGate, chain: ProductChain, wish: LeaseWish): Promise<LeaseFigures> {
  await allowStatements(gate);
  const times = Math.min(100, wish.seconds * 5);
  const usable = {
    token: await toUsable(chain, refund(100), { times, use: (lease) => consume(gate, lease) }),
    role: await toUsable(chain, roleRefund(60), { times, use: signIn }),
    brokered: await toUsable(chain, brokered, { times, use: () => Promise.resolve() }),
  };
  const usable_floor = await floors(gate, times);
  const consume_per_second = await consumeRate(gate, chain, 500);
  const kill_switch = await pullSwitch(gate, chain, wish.live);
  const leases = await Leases.like(gate, await aTokenLease(chain));
  try {
    const expiry = await leases.expire(wish.rows);
    const ready = { leases: await leases.count(), seconds: await leases.untilReadyAgain() };
    return { usable, usable_floor, consume_per_second, kill_switch, ready, expiry };
  } finally {
    await leases.close();
  }
}

async function allowStatements(gate: RunningGate): Promise<void> {
  await gate.change('action-types', 'payment.refund', (spec) => {
    const schema = spec.properties_schema as { properties: object };
    return {
      ...spec,
      properties_schema: { ...schema, properties: { ...schema.properties, statement: { type: 'string' } } },
    };
  });
  await gate.put('profiles', 'refund-statements', {
    issuer: 'postgres-brokered', target: 'ledger-database', target_profile: 'refund-writers', max_rows: 10,
    actions: ['payment.refund'], resources: ['payments/shop'],
    max_ttl_seconds: 600, uses: 1, requires_person: false, min_quorum: 0,
  }); // prettier-ignore
}

async function toUsable(
  chain: ProductChain,
  asked: Asked,
  { times, use }: { times: number; use: (lease: Lease) => Promise<void> },
): Promise<Latencies> {
  const measured: number[] = [];
  for (const { agent, ticket, value } of await collectOffers(chain, asked, times)) {
    if (value.lease === undefined) continue;
    const started = performance.now();
    const lease = await agent.sdk.redeem(ticket, value.lease);
    await use(lease);
    measured.push(performance.now() - started);
    await lease.complete();
  }
  return latencies(measured);
}

async function consume(gate: RunningGate, lease: Lease): Promise<void> {
  const url = `${gate.toolUrl}/refunds`;
  const { authorization, dpop } = lease.authorize('POST', url);
  await gate.tool.consume(authorization.slice('DPoP '.length), dpop, { htm: 'POST', htu: url });
}

async function signIn({ credential }: Lease): Promise<void> {
  if (credential.kind !== 'postgres') throw new TypeError('not a login');
  const { database, host, password, port, user } = credential;
  const client = new pg.Client({ host, port, database, user, password });
  await client.connect();
  await client.query(statement);
  await client.end();
}

async function floors(gate: RunningGate, times: number): Promise<LeaseFigures['usable_floor']> {
  const client = new pg.Client({ connectionString: gate.world.target.url('postgres') });
  await client.connect();
  try {
    const [roles, statements]: [number[], number[]] = [[], []];
    for (let n = 0; n < times; n += 1) {
      const name = `floor_usable_${String(n)}`;
      let started = performance.now();
      await client.query(`BEGIN; CREATE ROLE ${name} LOGIN PASSWORD 'floor' VALID UNTIL 'infinity';
        GRANT refund_writers TO ${name} WITH INHERIT TRUE, SET FALSE; COMMIT`);
      const own = new pg.Client({ connectionString: gate.world.target.url('postgres', name, 'floor') });
      await own.connect();
      await own.query(statement);
      roles.push(performance.now() - started);
      await own.end();
      started = performance.now();
      await client.query(`BEGIN; ${statement}; COMMIT`);
      statements.push(performance.now() - started);
    }
    return { role: latencies(roles), brokered: latencies(statements) };
  } finally {
    await client.end();
  }
}

async function consumeRate(gate: RunningGate, chain: ProductChain, count: number): Promise<number> {
  const leases: Lease[] = [];
  await inLanes(await collectOffers(chain, refund(100), count), 16, async ({ agent, ticket, value }) => {
    if (value.lease !== undefined) leases.push(await agent.sdk.redeem(ticket, value.lease));
  });
  const started = performance.now();
  await inLanes(leases, 16, (lease) => consume(gate, lease));
  return round(leases.length / ((performance.now() - started) / 1_000));
}

async function aTokenLease(chain: ProductChain): Promise<string> {
  const [offer] = await collectOffers(chain, refund(100), 1);
  if (offer?.value.lease === undefined) throw new Error('nothing was offered');
  return (await offer.agent.sdk.redeem(offer.ticket, offer.value.lease)).leaseId;
}
