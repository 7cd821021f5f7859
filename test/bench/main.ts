// `npm run bench [-- --json] [-- --seconds N] [-- --parts chain,people,scim,leases,endurance]`: the product beside a bare
// kafkajs chain, on the embedded parts, in one run; then what people's part and a provider's push cost, and what leases do. Never
// part of a test: absolute figures move with the machine, the ratios count.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freshSecret } from '#trust';
import { refund, RunningGate } from '../support/running-gate.js';
import { roleRefund, RoleTarget } from '../support/role-target.js';
import { approveFlows } from './approve.js';
import { BareChain } from './bare-chain.js';
import { round } from './figures.js';
import { Machine } from './machine.js';
import { decisionsPerSecond } from './decisions.js';
import { endure } from './endurance.js';
import { ProductChain, type Offer } from './product-chain.js';
import { measureLeases } from './leases.js';
import { measurePeople } from './people.js';
import { redeemRate, roleFloor } from './redeem.js';
import { pushPeople } from './scim.js';
import { topicEnds } from './topic-ends.js';
import { auditLag } from './audit-lag.js';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean' },
    seconds: { type: 'string', default: '60' },
    parts: { type: 'string', default: 'chain,people,scim,leases,endurance' },
  },
});
const seconds = Number(options.seconds);
/** Of a shorter run as much less, so that all of it can be tried in a minute or two. */
const scaled = (most: number): number => Math.max(10, Math.round(most * Math.min(1, seconds / 60)));
const say = (text: string): void => {
  if (options.json !== true) console.log(text);
};
const small = refund(100);

const dir = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
say('starting a gate with 100 agents');
const scimTokenFile = join(dir, 'scim-token');
writeFileSync(scimTokenFile, freshSecret(), { mode: 0o600 });
const gate = await RunningGate.start({ dir, agents: 100, durable: true, scimTokenFile });

/** In this order, since what fills tables or mints for ten minutes would slow down what comes after it. */
const measures: Record<string, (chain: ProductChain, machine: Machine) => Promise<object>> = {
  chain: async (chain, machine) => ({ bare_chain: await measureBare(), ...(await measureProduct(chain, machine)) }),
  leases: async (chain) => ({
    leases: await measureLeases(gate, chain, { seconds, live: scaled(1_000), rows: scaled(100_000) }),
  }),
  endurance: async (chain) => ({ mint_and_end: await endure(gate, chain, seconds * 10) }),
  people: async (chain) => ({ people: await measureAllPeople(chain) }),
  scim: async () => ({ scim: await pushPeople(gate, readFileSync(scimTokenFile, 'utf8'), scaled(50_000)) }),
};

try {
  const figures = await measure(new Set(options.parts.split(',')));
  console.log(options.json === true ? JSON.stringify(figures) : JSON.stringify(figures, null, 2));
} finally {
  await gate.stop();
  rmSync(dir, { recursive: true, force: true });
}

async function measure(parts: ReadonlySet<string>): Promise<object> {
  for (const part of parts) if (!(part in measures)) throw new Error(`no such part: ${part}`);
  const machine = new Machine(gate);
  await RoleTarget.install(gate);
  // All agents here have one owner: it is speed that is measured, not the limits.
  await gate.change('people', 'olga', (spec) => ({ ...spec, most_waiting: 10_000 }));
  say('idle');
  const processes = await machine.idle(Math.min(20, seconds));
  const chain = new ProductChain(gate);
  await chain.start();
  try {
    let figures = {};
    for (const [part, run] of Object.entries(measures)) {
      if (!parts.has(part)) continue;
      say(part);
      figures = { ...figures, ...(await run(chain, machine)) };
    }
    return { ...figures, processes };
  } finally {
    await chain.stop();
  }
}

async function measureProduct(chain: ProductChain, machine: Machine) {
  const measured = await measureChain(chain, machine);
  say('approve flows');
  const approve = await approveFlows(gate, chain, seconds);
  say('redeem');
  const redeem = {
    token_per_second: await redeemRate(chain, small, 1_000),
    role_per_second: await redeemRate(chain, roleRefund(300), 300),
    role_floor_per_second: await roleFloor(gate, 600),
  };
  return { chain: measured, approve, redeem, policy: { decisions_per_second: await decisionsPerSecond() } };
}

async function measureAllPeople(chain: ProductChain) {
  const filled = { open: scaled(100_000), closed: scaled(1_000_000), due: scaled(100_000) };
  return measurePeople(gate, chain, { seconds, ...filled });
}

async function measureBare() {
  say('bare chain');
  const bare = new BareChain(gate.brokers);
  await bare.start();
  const unloaded = await bare.at(5, Math.min(20, seconds));
  const loaded = await bare.at(200, seconds);
  const per_second = await bare.sustained(Math.min(30, seconds));
  await bare.stop();
  return {
    per_second,
    p50_ms: unloaded.p50,
    p99_ms: unloaded.p99,
    at_200_p50_ms: loaded.p50,
    at_200_p99_ms: loaded.p99,
  };
}

async function measureChain(chain: ProductChain, machine: Machine) {
  say('the product: unloaded');
  await chain.at(100, Math.min(10, seconds), small);
  const unloaded = await chain.unloaded(200, small);
  say('the product: 200 a second, every tenth offer redeemed and completed');
  const redeems = redeemEveryTenth(chain);
  const loaded = await chain.at(200, seconds, small);
  await redeems.done();
  say('the product: sustained');
  const before = { cpu: machine.cpu(), wal: await machine.wal(), events: await topicEnds(gate.brokers) };
  const sustainedRedeems = redeemEveryTenth(chain);
  const sustained = await chain.sustained(seconds, small);
  await sustainedRedeems.done();
  const lag = await auditLag(gate);
  const after = { cpu: machine.cpu(), wal: await machine.wal(), events: await topicEnds(gate.brokers) };
  return {
    per_second: sustained.perSecond,
    lost: loaded.lost + sustained.lost,
    unloaded_p50_ms: unloaded.p50,
    unloaded_p99_ms: unloaded.p99,
    at_200_p50_ms: loaded.p50,
    at_200_p99_ms: loaded.p99,
    cpu_ms_per_action: round(((after.cpu - before.cpu) * 1_000) / sustained.done, 2),
    wal_bytes_per_action: round((after.wal - before.wal) / sustained.done, 0),
    events_per_action: round((after.events - before.events) / sustained.done, 2),
    audit_drained_after_s: lag,
    told_otherwise: Object.fromEntries(chain.others),
  };
}

/** Redeems beside the load; a failure is a failure of the run. */
function redeemEveryTenth(chain: ProductChain): { done: () => Promise<void> } {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let seen = 0;
  const use = async ({ agent, ticket, value }: Offer): Promise<void> => {
    if (value.lease !== undefined) await (await agent.sdk.redeem(ticket, value.lease)).complete();
  };
  chain.onOffer = (offer) => {
    seen += 1;
    if (seen % 10 !== 0) return;
    const one = use(offer).catch((error: unknown) => { failures.push(error); }).finally(() => running.delete(one)); // prettier-ignore
    running.add(one);
  };
  return {
    done: async () => {
      chain.onOffer = () => undefined;
      await Promise.all(running);
      if (failures.length > 0) say(`  ${String(failures.length)} redeems failed: ${String(failures[0])}`);
    },
  };
}
