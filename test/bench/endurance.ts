import { readFileSync } from 'node:fs';
import pg from 'pg';
import { inLanes } from '../support/lanes.js';
import { roleRefund } from '../support/role-target.js';
import type { RunningGate } from '../support/running-gate.js';
import { latencies, round } from './figures.js';
import type { ProductChain } from './product-chain.js';
import { collectOffers } from './redeem.js';

/** One tenth of the time. */
export interface Stretch {
  per_second: number;
  redeem_p50_ms: number;
  redeem_p99_ms: number;
  rss_mb: number;
  /** Of the target's catalogue of roles and their memberships, after VACUUM. */
  catalogue_kb: number;
}

export interface Endured {
  seconds: number;
  stretches: Stretch[];
}

const lanes = 8;

/** Mints and ends logins as fast as it goes, for so many seconds: does anything grow? */
export async function endure(gate: RunningGate, chain: ProductChain, seconds: number): Promise<Endured> {
  const stretches: Stretch[] = [];
  for (let n = 0; n < 10; n += 1) stretches.push(await stretch(gate, chain, seconds / 10));
  return { seconds, stretches };
}

async function stretch(gate: RunningGate, chain: ProductChain, seconds: number): Promise<Stretch> {
  const measured: number[] = [];
  const started = performance.now();
  while (performance.now() - started < seconds * 1_000) {
    const offers = await collectOffers(chain, roleRefund(60), 100);
    await inLanes(offers, lanes, async ({ agent, ticket, value }) => {
      if (value.lease === undefined) return;
      const asked = performance.now();
      const lease = await agent.sdk.redeem(ticket, value.lease);
      measured.push(performance.now() - asked);
      await lease.complete();
    });
  }
  const { p50, p99 } = latencies(measured);
  return {
    per_second: round(measured.length / ((performance.now() - started) / 1_000)),
    redeem_p50_ms: p50,
    redeem_p99_ms: p99,
    rss_mb: residentMb(gate.world.process('credentials').pid),
    catalogue_kb: await catalogueKb(gate),
  };
}

function residentMb(pid: number): number {
  const [, kb = '0'] = /VmRSS:\s+(\d+) kB/u.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8')) ?? [];
  return round(Number(kb) / 1_024, 0);
}

async function catalogueKb(gate: RunningGate): Promise<number> {
  const client = new pg.Client({ connectionString: gate.world.target.url('postgres') });
  await client.connect();
  try {
    for (const table of ['pg_authid', 'pg_auth_members', 'pg_shdepend']) await client.query(`VACUUM ${table}`);
    const { rows } = await client.query<{ bytes: string }>(
      `SELECT sum(pg_total_relation_size(oid)) AS bytes FROM pg_class WHERE relname IN ('pg_authid', 'pg_auth_members', 'pg_shdepend')`,
    );
    return Math.round(Number(rows[0]?.bytes ?? 0) / 1_024);
  } finally {
    await client.end();
  }
}
