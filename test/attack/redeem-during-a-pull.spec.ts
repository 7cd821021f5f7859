import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { makeProof } from '#trust';
import { Transact } from '../../apps/credentials/src/handlers/transact.js';
import { WatchClock } from '../../apps/credentials/src/handlers/watch-clock.js';
import { LeaseStore } from '../../apps/credentials/src/io/lease.store.js';
import { rounds } from '../support/depth.js';
import { eventually } from '../support/eventually.js';
import { codeOf, type CredentialsWorld } from '../integration/credentials-world.js';
import { KillSwitchDesk, quietPull, type Held } from '../integration/kill-switch-desk.js';
import { honest, redeemWith } from './thefts.js';

jest.setTimeout(120_000);

let desk: KillSwitchDesk;
let world: CredentialsWorld;

beforeAll(async () => {
  desk = await KillSwitchDesk.open();
  world = desk.world;
}, 90_000);

afterAll(async () => {
  await world.remove();
}, 30_000);

afterEach(async () => {
  world.peers.isRegistryDown = false;
  await desk.releaseAll();
});

/** Until somebody waits for this lock of the table of pulls. */
const waitsFor = (mode: string): Promise<void> =>
  eventually(async () => {
    const waiting = await world.admin(
      `SELECT FROM pg_locks WHERE relation = 'credentials.kill_pulls'::regclass AND mode = $1 AND NOT granted`,
      [mode],
    );
    expect(waiting).toHaveLength(1);
  });

describe('the table itself', () => {
  it('lets no intent and no use through, also when nothing was swept and the pull is released again', async () => {
    const [first, active] = [await desk.offered('share'), await desk.withToken()];
    const quiet = await desk.pulledQuietly('agent', 'migrator-1');
    await desk.releasedByTwo(quiet);
    expect(codeOf(await desk.consume(active.token))).toBe('410 ended');
    expect(codeOf(await desk.redeem(first))).toBe('410 ended');
    expect(await world.row(active.lease)).toMatchObject({ uses_left: 3, code: 'kill_switch', by: 'ines' });
    await world.hears(first.action, 'offered', 'cancelled/kill_switch');
    await world.hears(active.action, 'offered', 'released', 'ended/kill_switch');
    const fresh = await desk.withToken();
    expect(codeOf(await desk.consume(fresh.token))).toBe('200 undefined');
    await desk.ends(fresh);
  });

  it.each([
    ['that waits for it', false],
    ['that is released before the mint is done', true],
  ])(
    'does not record a mint that was under way at a pull %s: it is not delivered, and its role is removed',
    async (_, isReleased) => {
      const held = await desk.offered();
      const blocker = await world.target.connect('sallyport_admin', 'throw-away');
      await blocker.query('BEGIN; LOCK TABLE sallyport.leases IN SHARE MODE');
      const answer = desk.redeem(held);
      await eventually(async () => {
        expect(await world.row(held.lease)).toMatchObject({ state: 'minting' });
      });
      const quiet = await desk.pulledQuietly('target', 'orders-db');
      if (isReleased) await desk.releasedByTwo(quiet);
      await blocker.query('COMMIT');
      await blocker.end();
      expect(codeOf(await answer)).toBe('410 ended');
      await world.hears(held.action, 'offered', 'refused/mint_failed');
      expect(world.about(held.action).at(-1)?.reasons).toEqual(['mint_failed', 'kill_switch']);
      expect(await world.target.roles()).toEqual([]);
    },
  );

  it('makes a pull wait for a use that has begun, so that nothing is used after its answer', async () => {
    const active = await desk.withToken();
    const begun = await world.inTransaction(async (session) => {
      await session.query('UPDATE credentials.leases SET uses_left = uses_left - 1 WHERE lease_id = $1', [
        active.lease,
      ]);
      const pull = desk.pulled({ scope: 'agent', id: 'migrator-1' });
      await waitsFor('ExclusiveLock');
      expect(await desk.inForce()).toEqual([]);
      return { pull };
    });
    await begun.pull;
    expect(codeOf(await desk.consume(active.token))).toBe('410 ended');
    await world.hears(active.action, 'offered', 'released', 'ended/kill_switch');
  });

  it('makes a use wait for a pull that has begun, and then sees it', async () => {
    const active = await desk.withToken();
    const begun = await world.inTransaction(async (session) => {
      await session.query('LOCK TABLE credentials.kill_pulls IN EXCLUSIVE MODE');
      const use = desk.consume(active.token);
      await waitsFor('RowShareLock');
      await session.query(...quietPull('agent', 'migrator-1'));
      return { use };
    });
    expect(codeOf(await begun.use)).toBe('410 ended');
    expect(await world.row(active.lease)).toMatchObject({ uses_left: 3 });
    await world.hears(active.action, 'offered', 'released', 'ended/kill_switch');
  });

  it('lets nothing through in a transaction whose view of the pulls may be old', async () => {
    const active = await desk.withToken();
    for (const level of ['REPEATABLE READ', 'SERIALIZABLE']) {
      const use = world.inTransaction(async (session) => {
        await session.query(`SET TRANSACTION ISOLATION LEVEL ${level}`);
        const sql = 'UPDATE credentials.leases SET uses_left = uses_left - 1 WHERE lease_id = $1';
        await session.query(sql, [active.lease]);
      });
      await expect(use).rejects.toThrow('READ COMMITTED alone');
    }
    await desk.ends(active);
  });

  it('follows a profile to its new target', async () => {
    const held = await desk.offered('share');
    await world.register('profiles', 'share', world.profile({ issuer: 'token', target: 'sharing-2' }), {
      quietly: true,
    });
    await world.register('targets', 'sharing-2', world.toolTarget, { quietly: true });
    await desk.pulledQuietly('target', 'sharing-2');
    expect(codeOf(await desk.redeem(held))).toBe('410 ended');
    await world.register('profiles', 'share', world.profile({ issuer: 'token' }));
  });

  it('neither takes a pull back nor forgets it', async () => {
    const { id } = await desk.pulled({ scope: 'agent', id: 'migrator-2' });
    const set = (what: string) => world.admin(`UPDATE credentials.kill_pulls SET ${what} WHERE pull_id = $1`, [id]);
    await expect(set(`scope_id = 'nobody'`)).rejects.toThrow('only ever released');
    await expect(set('epoch = epoch + 100')).rejects.toThrow('only ever released');
    const both = (by: string) => `asked_by = 'ines', asked_reason = '', asked_at = now(), released_by = '${by}',
      released_reason = '', released_at = now()`;
    await expect(set(both('ines'))).rejects.toThrow('check constraint');
    await set(both('ivo'));
    await expect(set('released_at = NULL, released_by = NULL, released_reason = NULL')).rejects.toThrow('only ever');
    const may = `SELECT has_table_privilege('sallyport_credentials', 'credentials.kill_pulls', 'DELETE') AS may`;
    expect(await world.admin(may)).toEqual([{ may: false }]);
  });

  it('has the lease store say nothing but the table’s word', async () => {
    const active = await desk.withToken();
    await desk.pulledQuietly('global');
    await expect(world.part(LeaseStore).spend(active.lease)).rejects.toThrow('SQLSTATE KS001');
  });
});

describe('a pull in the middle of many', () => {
  /** So many are without an answer when the pull goes out, and a few have theirs. */
  const atOnce = 200;
  const all = atOnce + 48;
  const before = 8;
  /** Roles cost most: each is a login at a target. */
  const roleEach = rounds({ quick: 5, deep: 2 });

  function sentOnce({ lease: leaseId, action }: Held) {
    const lease = { leaseId, action };
    return redeemWith(world, lease, makeProof(honest(world, lease)));
  }

  /** Sends everything now; `some` is there when a few were given something. */
  function sent(held: readonly Held[]) {
    let [answered, given] = [0, 0];
    const { promise: some, resolve } = Promise.withResolvers<undefined>();
    const answers = held.map(async (one) => {
      const answer = await sentOnce(one);
      answered += 1;
      if (answer.status === 200) given += 1;
      if (given >= before) resolve(undefined);
      return answer;
    });
    return { some, inFlight: () => held.length - answered, answers: Promise.all(answers) };
  }

  it(`of ${String(all)} redeems, ${String(atOnce)} of them in flight, and of uses: after its answer none succeeds, and everything ends`, async () => {
    const profileOf = (n: number): string => (n % roleEach === 0 ? 'orders-ddl' : 'share');
    const held = await Promise.all(Array.from({ length: all }, (_, n) => desk.offered(profileOf(n))));
    await world.register('profiles', 'share', world.profile({ issuer: 'token', uses: 1_000 }));
    const active = await desk.withToken(1_000);
    // So that nothing but the pull itself has to be done when it goes out.
    await world.signed('ines', { method: 'POST', url: world.url });
    let answeredAt = Infinity;
    let isOver = false as boolean;
    const lateUses: string[] = [];
    const user = async (): Promise<number> => {
      let used = 0;
      while (!isOver) {
        const begun = performance.now();
        const { status } = await desk.consume(active.token);
        if (status === 200) used += 1;
        if (status === 200 && begun > answeredAt) lateUses.push(active.lease);
      }
      return used;
    };
    const users = Promise.all([user(), user()]);
    const redeems = sent(held);
    await redeems.some;
    const inFlight = redeems.inFlight();
    const { id } = await eventually(() => desk.pulled({ scope: 'agent', id: 'migrator-1' }), { withinMs: 30_000 });
    answeredAt = performance.now();
    const { uses_left: left } = await world.row(active.lease);
    const answers = await redeems.answers;
    isOver = true;
    expect(inFlight).toBeGreaterThanOrEqual(atOnce);
    expect(codeOf(await desk.consume(active.token))).toBe('410 ended');
    const used = (await users).reduce((sum, n) => sum + n, 0);
    expect(lateUses).toEqual([]);
    // What was answered 200 was recorded before, and every other answer is a no.
    const delivered = answers.filter(({ status }) => status === 200).length;
    // Whoever waited too long for the others in flight was given nothing either, and is told so when they ask again.
    const settled = await Promise.all(
      answers.map(async (answer, n) => (answer.status === 503 ? await sentOnce(held[n]!) : answer)),
    );
    const others = settled.filter((_, n) => answers[n]!.status !== 200);
    expect(others.map(codeOf).filter((code) => code !== '410 ended')).toEqual([]);
    expect(delivered).toBeGreaterThan(0);
    expect(others.length).toBeGreaterThan(0);
    await eventually(
      async () => {
        expect(await desk.inForce()).toMatchObject([{ id, live: 0 }]);
      },
      { withinMs: 60_000 },
    );
    expect(await world.row(active.lease)).toMatchObject({ uses_left: left, state: 'ended', code: 'kill_switch' });
    expect(used).toBe(1_000 - Number(left));
    const leases = await world.admin(
      `SELECT l.state, l.code, l.released_at > p.pulled_at AS late FROM credentials.leases l, credentials.kill_pulls p
       WHERE p.pull_id = $2 AND l.lease_id = ANY ($1::uuid[])`,
      [held.map(({ lease }) => lease), id],
    );
    expect(leases.filter(({ late: isLate }) => isLate === true)).toEqual([]);
    expect(leases.filter(({ state }) => state === 'ended').length).toBe(delivered);
    expect(new Set(leases.map(({ state, code }) => `${String(state)}/${String(code)}`))).toEqual(
      new Set([
        ...['ended/kill_switch', 'cancelled/kill_switch'],
        ...leases.filter(({ state }) => state === 'refused').map(() => 'refused/mint_failed'),
      ]),
    );
    expect(await world.target.roles()).toEqual([]);
    await world.register('profiles', 'share', world.profile({ issuer: 'token' }));
  });
});

describe('what comes for one lease at one moment', () => {
  const leases = rounds({ quick: 4, deep: 300 });
  /** Raced side by side; each has its own pull. */
  const atOnce = 4;
  const ends = [
    'offered expired/offer_expired',
    'offered cancelled/kill_switch',
    'offered refused/mint_failed',
    'offered released ended/kill_switch',
  ];

  const released = `UPDATE credentials.kill_pulls SET asked_by = 'ines', asked_reason = '', asked_at = now(), released_by = 'ivo',
    released_reason = '', released_at = now() WHERE released_at IS NULL`;

  async function race(index: number): Promise<string> {
    const action = world.action(`share-${String(index)}`, 300, 1);
    const exp = Math.floor(Date.now() / 1_000) + 3;
    await world.allow(action, { exp });
    const lease = await world.offered(action);
    // Shortly before the end of the offer, or around it: who comes first is nobody's choice.
    await pause(Math.max(0, exp * 1_000 - Date.now() - Math.random() * 2_000));
    const clock = world.part(WatchClock);
    const expire = () => world.part(Transact).run((tx) => clock.handle([lease], tx));
    // A pull is quicker than a redeem, so it begins a little later. One that waited too long for others says so, and is made again.
    const kill = () =>
      eventually(() => desk.pulled({ scope: 'profile', id: `share-${String(index)}` }), { withinMs: 30_000 });
    const keys = [world.keys.agentKeys.sig, world.secondKey];
    const [redeems] = await Promise.all([
      Promise.all(Array.from({ length: 8 }, (_, n) => world.redeem(lease, action, keys[n % 2]))),
      pause(Math.random() * 250).then(() => Promise.all(Array.from({ length: 4 }, kill))),
      Promise.all(Array.from({ length: 4 }, expire)),
    ]);
    await eventually(() => {
      expect(ends).toContain(world.outcomes(action).join(' '));
    });
    const given = redeems.filter(({ status }) => status === 200).map(({ text }) => text);
    expect(new Set(given).size).toBeLessThanOrEqual(1);
    const end = world.outcomes(action).join(' ');
    if (given.length > 0) expect(end).toBe('offered released ended/kill_switch');
    // After the answer of a pull nothing is given, new or again.
    expect(codeOf(await world.redeem(lease, action))).toMatch(/^(?:410 |409 mint_failed$)/u);
    expect(world.alarms(lease).length).toBeLessThanOrEqual(3);
    return end;
  }

  it(
    `has one end, whoever comes first: 8 redeems with two keys, 4 expiries, 4 pulls; ${String(leases)} leases`,
    async () => {
      const found: string[] = [];
      for (let from = 0; from < leases; from += atOnce) {
        const batch = Array.from({ length: Math.min(atOnce, leases - from) }, (_, n) => n);
        for (const n of batch)
          await world.register('profiles', `share-${String(n)}`, world.profile({ issuer: 'token' }));
        found.push(...(await Promise.all(batch.map(race))));
        await world.admin(released);
      }
      expect(found).toHaveLength(leases);
      // Otherwise nothing was raced.
      expect(new Set(found).size).toBeGreaterThan(rounds({ quick: 0, deep: 2 }));
      console.info(
        [...Map.groupBy(found, (end) => end)].map(([end, all]) => `${String(all.length)} ${end}`).join('\n'),
      );
    },
    60_000 + leases * 2_000,
  );
});
