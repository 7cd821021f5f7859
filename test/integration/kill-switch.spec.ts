import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { uuidv7 } from '#contracts';
import { eventually } from '../support/eventually.js';
import { SecurityKey } from '../support/security-key.js';
import { codeOf, type CredentialsWorld } from './credentials-world.js';
import { door, KillSwitchDesk, reason } from './kill-switch-desk.js';
import { SecurityKeyDesk } from './security-key-desk.js';

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

const login = ({ user, password }: { user: string; password: string }) => world.target.connect(user, password);

/** So many logins, each with a session of its own. */
async function logins(count: number, profile?: string) {
  const held = await Promise.all(Array.from({ length: count }, () => desk.offered(profile)));
  return Promise.all(
    held.map(async (one) => {
      const credential = await world.role(await desk.redeem(one));
      return { ...one, credential, session: await login(credential) };
    }),
  );
}

/** More are live than are removed at once, and none gets further than to its removal. */
async function whileNoRoleCanBeDropped(work: () => Promise<void>): Promise<void> {
  const keeper = await world.target.superuser();
  try {
    await keeper.query('BEGIN; LOCK TABLE pg_auth_members IN SHARE MODE');
    await work();
  } finally {
    await keeper.end();
  }
}

/** Sooner than the first of them gives up its turn. */
function areCut(live: readonly { session: { query: (sql: string) => Promise<unknown> } }[]): Promise<void> {
  const look = async (): Promise<void> => {
    const asked = await Promise.allSettled(live.map(({ session }) => session.query('SELECT 1')));
    expect(asked.map(({ status }) => status)).toEqual(live.map(() => 'rejected'));
  };
  return eventually(look, { withinMs: 10_000 });
}

describe('a pull', () => {
  it.each([
    ['global', {}, undefined],
    ['agent', { id: 'migrator-1' }, { id: 'migrator-2' }],
    ['profile', { id: 'share' }, { id: 'orders-ddl' }],
    ['target', { id: 'sharing' }, { id: 'orders-db' }],
    ['action', { id: 'db.schema.migrate' }, { id: 'db.index.create' }],
  ])('of the scope %s stops what belongs to it, and nothing else', async (scope, named, other) => {
    const [first, active] = [await desk.offered('share'), await desk.withToken()];
    if (other !== undefined) {
      const beside = await desk.pulled({ scope, ...other });
      expect(beside.live).toBe(0);
      expect(codeOf(await desk.consume(active.token))).toBe('200 undefined');
      const fresh = await desk.offered('share');
      await world.token(await desk.redeem(fresh));
      await desk.ends(fresh);
      await desk.releasedByTwo(beside.id);
    }
    const { id, live } = await desk.pulled({ scope, ...named });
    expect(live).toBe(2);
    expect(codeOf(await desk.redeem(first))).toBe('410 ended');
    expect(codeOf(await desk.consume(active.token))).toBe('410 ended');
    const later = world.action('share');
    await world.allow(later);
    await world.hears(later, 'cancelled/kill_switch');
    await world.hears(first.action, 'offered', 'cancelled/kill_switch');
    await world.hears(active.action, 'offered', 'released', 'ended/kill_switch');
    expect(world.about(active.action).at(-1)?.data).toMatchObject({ by: 'ines', ...reason });
    await eventually(async () => {
      expect(await desk.inForce()).toMatchObject([{ id, live: 0, ended: 2, stuck: 0 }]);
    });
    expect(world.switched.filter((change) => change.pull_id === id)).toMatchObject([
      { state: 'pulled', sequence: 1, by: 'ines', scope, ...(other === undefined ? {} : { scope_id: named.id }) },
    ]);
  });

  it('cuts the sessions of a database role, and the role is gone', async () => {
    const held = await desk.offered();
    const credential = await world.role(await desk.redeem(held));
    const agent = await login(credential);
    agent.on('error', () => undefined);
    await agent.query('SELECT 1');
    await desk.pulled({ scope: 'target', id: 'orders-db' });
    await world.hears(held.action, 'offered', 'released', 'ended/kill_switch');
    await expect(agent.query('SELECT 1')).rejects.toThrow();
    await expect(login(credential)).rejects.toThrow(/authentication failed/u);
    expect(await world.target.roles()).toEqual([]);
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ['a pull', () => desk.pulled({ scope: 'target', id: 'orders-db' }), 'ended/kill_switch'],
    ['the suspension of their agent', () => world.suspend('suspended'), 'ended/agent_suspended'],
  ])('cuts what is live all together, and not by its turn to be removed: %s', async (_, stop, end) => {
    const live = await logins(12);
    await whileNoRoleCanBeDropped(async () => {
      await stop();
      await areCut(live);
      for (const { credential } of live) await expect(login(credential)).rejects.toThrow(/not permitted to log in/u);
      expect(await world.target.roles()).toHaveLength(live.length);
    });
    for (const { action } of live) await world.hears(action, 'offered', 'released', end);
    expect(await world.target.roles()).toEqual([]);
    await world.suspend('active');
  });

  it('cuts also while what was pulled before takes all the room for removing', async () => {
    await world.register('profiles', 'orders-ddl-too', world.profile({}));
    const [first, second] = [await logins(12), await logins(2, 'orders-ddl-too')];
    await whileNoRoleCanBeDropped(async () => {
      await desk.pulled({ scope: 'profile', id: 'orders-ddl' });
      await areCut(first);
      // The gate's own sessions that wait to drop a role: the room is full.
      await eventually(async () => expect((await world.target.waiting()).length).toBeGreaterThan(5));
      await desk.pulled({ scope: 'profile', id: 'orders-ddl-too' });
      await areCut(second);
    });
    for (const { action } of [...first, ...second])
      await world.hears(action, 'offered', 'released', 'ended/kill_switch');
  });

  it('is not lost by a process that ends right after it', async () => {
    const held = await desk.offered();
    await world.role(await desk.redeem(held));
    await desk.pulled({ scope: 'global' });
    await world.stopService();
    await world.startService();
    await world.hears(held.action, 'offered', 'released', 'ended/kill_switch');
    expect(await world.target.roles()).toEqual([]);
  });

  it('shows what is stuck at a target that does not answer, and ends it when it is back', async () => {
    const held = await desk.offered();
    await world.role(await desk.redeem(held));
    await world.target.postgres.stop();
    const { id } = await desk.pulled({ scope: 'profile', id: 'orders-ddl' });
    await eventually(
      async () => {
        expect(await desk.inForce()).toMatchObject([
          { id, live: 1, ended: 0, stuck: 1, stuck_at: [{ target: 'orders-db', leases: 1 }] },
        ]);
      },
      { withinMs: 30_000 },
    );
    await world.target.postgres.start();
    await eventually(
      async () => {
        expect(await desk.inForce()).toMatchObject([{ id, live: 0, ended: 1, stuck: 0, stuck_at: [] }]);
      },
      { withinMs: 30_000 },
    );
    await world.hears(held.action, 'offered', 'released', 'ended/kill_switch');
  });
});

describe('a release', () => {
  it('needs two different people, and brings nothing back', async () => {
    const held = await desk.offered('share');
    const { id } = await desk.pulled({ scope: 'global' });
    expect(await desk.release(id, 'ines')).toMatchObject({ status: 202, body: { id, released: false, waits_for: 1 } });
    expect(await desk.release(id, 'ines')).toMatchObject({
      status: 403,
      body: { code: 'not_eligible', why: 'already_voted' },
    });
    expect(await desk.inForce()).toMatchObject([{ id, release: { by: 'ines', reason: 'looked at it', waits_for: 1 } }]);
    const during = world.action('share');
    await world.allow(during);
    await world.hears(during, 'cancelled/kill_switch');
    expect(await desk.release(id, 'ivo')).toMatchObject({ status: 202, body: { id, released: true, waits_for: 0 } });
    expect(codeOf(await desk.release(id, 'ivo'))).toBe('409 already_decided');
    expect(await desk.inForce()).toEqual([]);
    expect(codeOf(await desk.redeem(held))).toBe('410 ended');
    const fresh = await desk.withToken();
    expect(codeOf(await desk.consume(fresh.token))).toBe('200 undefined');
    await desk.ends(fresh);
    const said = (): string[] =>
      world.switched.filter(({ pull_id }) => pull_id === id).map((c) => `${String(c.sequence)} ${c.state} ${c.by}`);
    await eventually(() => {
      expect(said()).toEqual(['1 pulled ines', '2 release_asked ines', '3 released ivo']);
    });
  });

  it('does not count somebody who has left the group since', async () => {
    const { id } = await desk.pulled({ scope: 'agent', id: 'migrator-2' });
    await desk.release(id, 'ines');
    await desk.officers(['ivo', 'eve'], { quietly: true });
    expect((await desk.release(id, 'ivo')).body).toMatchObject({ released: false, waits_for: 1 });
    expect((await desk.release(id, 'eve')).body).toMatchObject({ released: true });
    await desk.officers(['ines', 'ivo'], { quietly: true });
  });
});

describe('the door', () => {
  const global = { scope: 'global', ...reason };

  it('opens to security officers alone, as the registry knows them at this moment', async () => {
    for (const person of ['eve', 'sam', 'aud', 'ada']) {
      expect(await desk.pull(global, person)).toMatchObject({
        status: 403,
        body: { code: 'not_eligible', why: 'not_in_group' },
      });
    }
    const { id } = await desk.pulled({ scope: 'agent', id: 'migrator-2' });
    expect(await desk.release(id, 'sam')).toMatchObject({
      status: 403,
      body: { code: 'not_eligible', why: 'not_in_group' },
    });
    // Whether there is such a pull is nothing for others either.
    expect(codeOf(await desk.release('019abbbb-0000-7000-8000-000000000001', 'sam'))).toBe('403 not_eligible');
    await desk.officers(['ivo'], { quietly: true });
    expect(codeOf(await desk.pull(global))).toBe('403 not_eligible');
    await desk.officers(['ines', 'ivo'], { quietly: true });
    expect(await desk.inForce()).toHaveLength(1);
  });

  it('is shut to agents and tools', async () => {
    for (const key of [world.keys.agentKeys.sig, world.toolKey]) {
      expect(codeOf(await world.prove('POST', door, global, key))).toBe('401 token_invalid');
      expect(codeOf(await world.prove('GET', door, undefined, key))).toBe('401 token_invalid');
      const path = `${door}/019abbbb-0000-7000-8000-000000000001/release`;
      expect(codeOf(await world.prove('POST', path, reason, key))).toBe('401 token_invalid');
    }
    expect((await fetch(`${world.url}${door}`, { method: 'POST', body: JSON.stringify(global) })).status).toBe(401);
    expect(await desk.inForce()).toEqual([]);
  });

  it('answers 503 and pulls and releases nothing while the registry does not answer', async () => {
    const { id } = await desk.pulled({ scope: 'agent', id: 'migrator-2' });
    world.peers.isRegistryDown = true;
    expect(codeOf(await desk.pull(global))).toBe('503 dependency_unavailable');
    expect(codeOf(await desk.release(id, 'ivo'))).toBe('503 dependency_unavailable');
    world.peers.isRegistryDown = false;
    expect(await desk.inForce()).toMatchObject([{ id, scope: 'agent' }]);
    expect((await desk.inForce())[0]).not.toHaveProperty('release');
  });

  it('is confirmed with the security key of an officer who has one: this pull, once', async () => {
    const keys = new SecurityKeyDesk(world);
    const key = new SecurityKey();
    await world.person('ida');
    await desk.officers(['ines', 'ivo', 'ida']);
    await keys.enrol(key, 'ida');
    const ask = { scope: 'agent', id: 'migrator-2' };
    expect(codeOf(await desk.pull(ask, 'ida'))).toBe('403 step_up_required');
    const begun = await keys.begin('ida', `${door}/confirm`, { ...reason, ...ask });
    const pull = (more: object, by = 'ida') => desk.pull({ ...ask, ...more, confirmed: begun.secret }, by);
    expect(codeOf(await pull({}))).toBe('403 step_up_required');
    expect(codeOf(await keys.use(key, await keys.begin('ida', `${door}/confirm`, { ...reason, ...ask })))).toBe(
      '200 done',
    );
    expect(codeOf(await pull({}))).toBe('403 step_up_required');
    expect(codeOf(await keys.use(key, begun))).toBe('200 done');
    expect(codeOf(await pull({ id: 'migrator-1' }))).toBe('403 step_up_required');
    expect(codeOf(await pull({ reason: 'another' }))).toBe('403 step_up_required');
    expect((await pull({})).status).toBe(202);
    expect(codeOf(await pull({}))).toBe('403 step_up_required');
    await desk.releaseAll();
    await desk.officers(['ines', 'ivo']);
  });

  it('shows to officers, soc-lead and auditors what is pulled, and to others nothing', async () => {
    const { id, epoch } = await desk.pulled({ scope: 'agent', id: 'migrator-2' });
    expect(uuidv7.safeParse(id).success).toBe(true);
    for (const person of ['ines', 'ivo', 'sam', 'aud']) {
      expect((await world.asPerson(person, 'GET', door)).body).toMatchObject({
        pulls: [{ id, epoch, scope: 'agent', scope_id: 'migrator-2', by: 'ines', ...reason }],
      });
    }
    expect(codeOf(await world.asPerson('eve', 'GET', door))).toBe('404 not_found');
  });

  it('takes no half-said pull, and none of a name that was never registered', async () => {
    const bad = [
      { scope: 'agent' },
      { scope: 'global', id: 'x' },
      { scope: 'tenant', id: 'x' },
      { scope: 'global', reason: '' },
      {},
    ];
    for (const body of bad) expect(codeOf(await desk.pull(body))).toBe('400 schema_mismatch');
    expect(codeOf(await desk.pull({ scope: 'agent', id: 'migrtor-1' }))).toBe('404 not_found');
    expect(codeOf(await desk.release('nonsense', 'ivo'))).toBe('404 not_found');
    expect(codeOf(await desk.release('019abbbb-0000-7000-8000-000000000001', 'ivo'))).toBe('404 not_found');
    expect(await desk.inForce()).toEqual([]);
  });

  it('gives each pull an epoch above all before', async () => {
    const epochs = (
      await Promise.all(Array.from({ length: 6 }, () => desk.pulled({ scope: 'agent', id: 'migrator-2' })))
    ).map(({ epoch }) => epoch);
    const lowest = Math.min(...epochs);
    expect(epochs.sort((a, b) => a - b)).toEqual(Array.from({ length: 6 }, (_, index) => lowest + index));
    const next = await desk.pulled({ scope: 'agent', id: 'migrator-2' });
    expect(next.epoch).toBe(lowest + 6);
  });
});
