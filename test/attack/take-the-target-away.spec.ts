import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CredentialsWorld, codeOf } from '../integration/credentials-world.js';
import { minterSecret } from '../integration/postgres-target.js';
import { rounds } from '../support/depth.js';
import { eventually } from '../support/eventually.js';
import { FaultyWay, type Passing } from '../support/faulty-way.js';

/*
 * Whoever holds a credential takes its target away, so that it is not ended there: the network on the way to it swallows
 * everything, stops, refuses, or breaks off in the middle of an answer.
 */

const silenceSeconds = 6;
/** The longest wait between two attempts. */
const endingSeconds = rounds({ quick: 2, deep: 60 });
/** How long the targets stay away after all of it is stuck. */
const awayMs = rounds({ quick: 0, deep: 600 }) * 1_000;
const faults = ['swallow', 'stop', 'refuse'] as const satisfies Passing[];

const ways = new Map<string, FaultyWay>();
let world: CredentialsWorld;

beforeAll(async () => {
  world = await CredentialsWorld.start({
    SALLYPORT_CREDENTIALS_TARGET_SECONDS: String(silenceSeconds),
    SALLYPORT_CREDENTIALS_ENDING_SECONDS: String(endingSeconds),
    // Fewer than there is to end at each of them.
    SALLYPORT_CREDENTIALS_TARGET_CONNECTIONS: '2',
  });
  for (const fault of faults) await registerBehind(fault);
}, 90_000);

afterAll(async () => {
  await world.remove();
  for (const way of ways.values()) await way.close();
}, 60_000);

/** The same database by another way, as a target of its own with the gate's own login. */
async function registerBehind(name: string): Promise<void> {
  const way = await FaultyWay.to(world.target.postgres.port);
  ways.set(name, way);
  const { database, secretsDir } = world.target;
  const url = new URL(readFileSync(join(secretsDir, minterSecret), 'utf8'));
  url.port = String(way.port);
  const secret = `${name}-minter`;
  writeFileSync(join(secretsDir, secret), url.href, { mode: 0o600 });
  const address = { host: '127.0.0.1', port: way.port, database };
  await world.register('targets', `${name}-db`, { kind: 'postgres', connection_secret: secret, ...address });
  await world.register('profiles', `${name}-ddl`, world.profile({ target: `${name}-db` }));
  const running = { issuer: 'postgres-brokered', max_rows: 100, target: `${name}-db` } as const;
  await world.register('profiles', `${name}-run`, world.profile(running));
}

function become(passing: (fault: Passing) => Passing): void {
  for (const fault of faults) ways.get(fault)?.become(passing(fault));
}

async function offered(profile: string, ttl_seconds = 300, statement?: string) {
  const action = world.actionWith({
    requested_access: { profile, ttl_seconds, uses: 1 },
    ...(statement !== undefined && { action: { name: 'db.schema.migrate', properties: { statement } } }),
  });
  await world.allow(action);
  return { action, lease: await world.offered(action) };
}

async function released(profile: string) {
  const held = await offered(profile);
  return { ...held, role: await world.role(await world.redeem(held.lease, held.action)) };
}

/** The whole life of a lease at the target that is there; answers how long its end waited for its turn, in milliseconds. */
async function lifeNearby(): Promise<number> {
  const near = await released('orders-ddl');
  const from = performance.now();
  await world.complete(near.lease);
  await eventually(async () => {
    expect(await world.row(near.lease)).not.toMatchObject({ state: 'ending', attempts: 0 });
  });
  const waited = performance.now() - from;
  await world.hears(near.action, 'offered', 'released', 'ended/completed');
  return waited;
}

/** Whoever shared anything with the targets that are away would wait until one of them has been silent for long enough. */
async function livesNearby(count: number): Promise<void> {
  const waited: number[] = [];
  for (let n = 0; n < count; n += 1) waited.push(await lifeNearby());
  const [median = Infinity] = waited.sort((a, b) => a - b).slice(Math.floor(count / 2));
  expect(median).toBeLessThan(1_000);
}

const totalOf = async (id: number): Promise<number | undefined> =>
  (await world.target.admin<{ total: number }>('SELECT total FROM orders WHERE id = $1', [id]))[0]?.total;

describe('while targets are taken away', () => {
  it('others mint and end as ever; what ends there is visibly stuck, and gone soon after they are back', async () => {
    const wanted = faults.flatMap((fault) => [`${fault}-ddl`, `${fault}-ddl`]);
    const held = await Promise.all(wanted.map((profile) => released(profile)));
    const waiting = await Promise.all(faults.map((fault) => offered(`${fault}-ddl`)));
    const slow = await offered('swallow-run', 2, 'UPDATE orders SET total = 1 WHERE id = 21 AND pg_sleep(1) IS NOT NULL');
    const answer = world.redeem(slow.lease, slow.action);
    await eventually(async () => {
      expect(await world.target.admin(`SELECT 1 FROM pg_stat_activity WHERE query ~ 'id = 21' AND usename ~ '^sallyport_[0-9a-f]{32}$'`)).toHaveLength(1);
    });

    become((fault) => fault);
    for (const { lease } of held) await world.complete(lease);
    const refused = waiting.map(({ lease, action }) => world.redeem(lease, action));
    await livesNearby(5);
    for (const [index, late] of refused.entries()) {
      expect(codeOf(await late)).toBe('503 dependency_unavailable');
      expect(await world.row(waiting[index]?.lease ?? '')).toMatchObject({ state: 'offered' });
    }
    // The gate does not wait for ever for the answer to a statement of its own.
    expect(codeOf(await answer)).toBe('409 mint_failed');
    const ending = [...held, slow];
    const tooEarly: unknown[] = [];
    await eventually(() => allStuck(ending, tooEarly), { withinMs: 60_000, everyMs: 100 });
    expect(tooEarly).toEqual([]);
    const until = performance.now() + awayMs;
    while (performance.now() < until) {
      await pause(5_000);
      await livesNearby(5);
    }
    expect(await world.target.roles()).toHaveLength(ending.length);

    become(() => 'open');
    const soonMs = (endingSeconds + silenceSeconds + 5) * 1_000;
    await eventually(() => {
      for (const { action } of held) expect(world.outcomes(action)).toEqual(['offered', 'released', 'ended/completed']);
      expect(world.outcomes(slow.action)).toEqual(['offered', 'refused/mint_failed']);
    }, { withinMs: soonMs });
    expect(await world.target.roles()).toEqual([]);
    expect(await totalOf(21)).toBe(2_100);
    for (const fault of faults) {
      const { action, lease } = await released(`${fault}-ddl`);
      await world.complete(lease);
      await world.hears(action, 'offered', 'released', 'ended/completed');
    }
  }, 120_000 + awayMs); // prettier-ignore

  it('others are compared as ever: what belongs to no lease there is closed at once, and dropped on an officer’s word', async () => {
    await world.person('ines');
    await world.register('groups', 'security-officers', { members: ['ines'], channel: {} });
    become((fault) => fault);
    const waited: number[] = [];
    for (const leaseId of ['a', 'b', 'c'].map((end) => `019abbbb-0000-7000-8000-00000000000${end}`)) {
      const from = performance.now();
      await world.target.stranger(leaseId);
      await eventually(async () => {
        const closed = 'SELECT 1 FROM sallyport.leases WHERE lease_id = $1 AND closed_at IS NOT NULL';
        expect(await world.target.admin(closed, [leaseId])).toHaveLength(1);
      });
      waited.push(performance.now() - from);
      const drop = `/v1/targets/orders-db/strangers/${leaseId}/drop`;
      await eventually(async () => {
        expect(codeOf(await world.asPerson('ines', 'POST', drop, { reason: 'nobody’s' }))).toMatch(/^202 /u);
      });
    }
    become(() => 'open');
    // The first may come just before a round begins; whoever waits for the silent ones does so twice.
    const [, median = Infinity] = waited.sort((a, b) => a - b);
    expect(median).toBeLessThan(2_500);
    expect(await world.target.roles()).toEqual([]);
  }, 60_000);
});

/** From the third failure on, for everybody who may look; `tooEarly` gets those that said so before. */
async function allStuck(held: readonly { lease: string }[], tooEarly: unknown[]): Promise<void> {
  for (const { lease } of held) {
    const row = await world.row(lease);
    if (row['stuck'] === true && Number(row['attempts']) < 3) tooEarly.push(row);
    expect(row).toMatchObject({ state: 'ending', stuck: true });
    expect((await world.asPerson('aud', 'GET', `/v1/leases/${lease}`)).body).toMatchObject({ stuck: true });
  }
}

describe('an answer that breaks off in the middle', () => {
  it('of a mint: nothing is delivered, and the role that was made is removed', async () => {
    const { action, lease } = await offered('swallow-ddl');
    ways.get('swallow')?.cutAnswerTo('sallyport.mint(');
    expect(codeOf(await world.redeem(lease, action))).toBe('409 mint_failed');
    await world.hears(action, 'offered', 'refused/mint_failed');
    expect(await world.target.admin('SELECT 1 FROM sallyport.leases WHERE lease_id = $1 AND role_oid IS NOT NULL AND dropped_at IS NOT NULL', [lease])).toHaveLength(1);
  }); // prettier-ignore

  it('of any step of an end: it is tried again until the target says that nothing is left', async () => {
    const steps = ['sallyport.disable(', 'sallyport.terminate(', 'sallyport.drop(', 'sallyport.remains('];
    const held = await Promise.all(steps.map(() => released('swallow-ddl')));
    for (const step of steps) ways.get('swallow')?.cutAnswerTo(step);
    await Promise.all(held.map(({ lease }) => world.complete(lease)));
    for (const { action } of held) await world.hears(action, 'offered', 'released', 'ended/completed');
    expect(ways.get('swallow')?.cutsLeft).toBe(0);
  });

  it('of the commit of a statement: it ran once, and that is what is said', async () => {
    const { action, lease } = await offered('swallow-run', 60, 'UPDATE orders SET total = total + 1 WHERE id = 22');
    ways.get('swallow')?.cutAnswerTo('COMMIT');
    expect(codeOf(await world.redeem(lease, action))).toBe('409 mint_failed');
    await world.hears(action, 'offered', 'ended/result_lost');
    expect(await totalOf(22)).toBe(2_201);
  });
});
