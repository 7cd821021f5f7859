import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { strangersAnswer, type Profile, type Stranger } from '#contracts';
import { MintIntent, type Ready } from '../../apps/credentials/src/handlers/mint-intent.js';
import { Issuers } from '../../apps/credentials/src/io/issuers/issuers.js';
import { LeaseStore } from '../../apps/credentials/src/io/lease.store.js';
import { generatePrivateJwk, makeProof, publicPart } from '#trust';
import { eventually } from '../support/eventually.js';
import { codeOf, CredentialsWorld } from './credentials-world.js';
import { honest, redeemWith, thefts } from './thefts.js';

jest.setTimeout(60_000);

let world: CredentialsWorld;
/** A role is not about what the action says. */
const anything = { name: 'db.schema.migrate', properties: {} };

beforeAll(async () => {
  world = await CredentialsWorld.start();
});

afterAll(async () => {
  await world.remove();
});

async function met(leaseId: string): Promise<Stranger | undefined> {
  const { strangers } = strangersAnswer.parse((await world.asPerson('aud', 'GET', '/v1/strangers')).body);
  return strangers.find(({ lease_id }) => lease_id === leaseId);
}

async function anOffer(profile = 'orders-ddl', ttlSeconds = 300) {
  const action = world.action(profile, ttlSeconds);
  await world.allow(action);
  return { action, lease: await world.offered(action) };
}

describe('ending', () => {
  it('goes on after a restart with what another process has left', async () => {
    const action = world.action('orders-ddl', 2);
    await world.allow(action);
    const lease = await world.offered(action);
    await world.role(await world.redeem(lease, action));
    await world.stopService();
    await world.startService();
    await world.hears(action, 'offered', 'released', 'ended/ttl');
    expect(await world.target.roles()).toEqual([]);
  }, 30_000);

  it('of a lease that was over, and came back with an older backup of the target, begins again', async () => {
    const { action, lease } = await anOffer();
    await world.role(await world.redeem(lease, action));
    await world.complete(lease);
    await world.hears(action, 'offered', 'released', 'ended/completed');
    await world.target.admin(`DELETE FROM sallyport.leases WHERE lease_id = '${lease}'`);
    await world.target.stranger(lease);
    await eventually(async () => {
      expect(await world.target.roles()).toEqual([]);
      expect(await met(lease)).toMatchObject({ is_over: true, dropped_at: expect.any(String) });
    });
    expect(world.outcomes(action)).toEqual(['offered', 'released', 'ended/completed']);
  });
});

describe('a role that belongs to no lease', () => {
  const leaseId = '019abbbb-0000-7000-8000-00000000dead';
  const drop = (by: string, id = leaseId) =>
    world.asPerson(by, 'POST', `/v1/targets/orders-db/strangers/${id}/drop`, { reason: 'it owns nothing' });

  beforeAll(async () => {
    await world.person('ines');
    await world.register('groups', 'security-officers', { members: ['ines'], channel: {} });
    await world.target.stranger(leaseId);
  });

  it('is closed at once and told, and stands until somebody has looked at it', async () => {
    const login = `SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname = 'sallyport_${leaseId.replaceAll('-', '')}'`;
    await eventually(async () => {
      expect(await met(leaseId)).toMatchObject({ is_over: false, closed_at: expect.any(String) });
    });
    expect(await world.target.admin(login)).toMatchObject([{ rolcanlogin: false }]);
    await world.target.admin(`ALTER ROLE sallyport_${leaseId.replaceAll('-', '')} LOGIN`);
    await eventually(async () => {
      expect(await world.target.admin(login)).toMatchObject([{ rolcanlogin: false }]);
    });
  });

  it('is dropped on the word of a security officer alone, and only if it was found', async () => {
    expect(codeOf(await drop('sam'))).toBe('403 not_eligible');
    expect(codeOf(await drop('ines', '019abbbb-0000-7000-8000-00000000beef'))).toBe('404 not_found');
    expect(await world.target.roles()).toHaveLength(1);
    expect(await drop('ines')).toMatchObject({
      status: 202,
      body: { confirmed: { by: 'ines' }, dropped_at: expect.any(String) },
    });
    expect(await world.target.roles()).toEqual([]);
    expect(codeOf(await drop('ines'))).toBe('404 not_found');
    expect(await met(leaseId)).toMatchObject({ dropped_at: expect.any(String) });
  });

  it('is shown to those who may look at the kill switch, and to nobody else', async () => {
    expect(codeOf(await world.asPerson('eve', 'GET', '/v1/strangers'))).toBe('404 not_found');
  });
});

describe('a crash in mid-redeem', () => {
  /** Exactly what stands in the database and at the target when the process dies at that point. */
  async function crash(leaseId: string, { afterMint }: { afterMint: boolean }): Promise<void> {
    const lease = await world.part(LeaseStore).find(leaseId);
    if (lease === undefined) throw new TypeError('no lease');
    const profile: Profile = world.profile({});
    const terms = { ...lease, uses: 1 };
    const ready: Ready = {
      lease, terms, profile, action: anything, target: world.databaseTarget, agent: world.keys.agent, jkt: 'A'.repeat(43), principal: undefined,
    }; // prettier-ignore
    const issuer = world.part(Issuers).of('postgres-role');
    const intent = await world.part(MintIntent).write(ready, issuer);
    if (intent === undefined) throw new TypeError('somebody else has taken it');
    const { lease: minting, now } = intent;
    if (afterMint)
      await issuer.mint({ lease: minting, profile, action: anything, target: ready.target, principal: undefined, now });
  }

  it.each([
    ['after the intent, before the mint', false],
    ['after the mint, before it is recorded', true],
  ])('%s leaves nothing behind, and the agent hears it', async (_, afterMint) => {
    const { action, lease } = await anOffer();
    await crash(lease, { afterMint });
    expect(await world.target.roles()).toHaveLength(afterMint ? 1 : 0);
    expect(codeOf(await world.redeem(lease, action))).toBe('410 already_redeemed');
    await world.hears(action, 'offered', 'refused/mint_failed');
    expect(await world.target.roles()).toEqual([]);
    expect(codeOf(await world.redeem(lease, action))).toBe('409 mint_failed');
  });

  it('a mint that comes after the lease was taken back makes nothing', async () => {
    const { action, lease } = await anOffer();
    await crash(lease, { afterMint: false });
    await world.hears(action, 'offered', 'refused/mint_failed');
    const late = await world.part(LeaseStore).find(lease);
    if (late === undefined) throw new TypeError('no lease');
    const order = {
      profile: world.profile({}),
      action: anything,
      target: world.databaseTarget,
      principal: undefined,
      now: new Date(),
    };
    await expect(
      world
        .part(Issuers)
        .of('postgres-role')
        .mint({ ...order, lease: late }),
    ).rejects.toThrow('SP005');
    expect(await world.target.roles()).toEqual([]);
  });

  it('a mint that takes too long is taken back and never delivered', async () => {
    const { action, lease } = await anOffer();
    const blocker = await world.target.connect('sallyport_admin', 'throw-away');
    await blocker.query('BEGIN; LOCK TABLE sallyport.leases IN SHARE MODE');
    const answer = world.redeem(lease, action);
    await eventually(async () => {
      expect(await world.row(lease)).toMatchObject({ state: 'ending' });
    });
    await blocker.query('COMMIT');
    await blocker.end();
    expect(codeOf(await answer)).toBe('409 mint_failed');
    await eventually(
      () => {
        expect(world.outcomes(action)).toEqual(['offered', 'refused/mint_failed']);
      },
      { withinMs: 20_000 },
    );
    expect(await world.target.roles()).toEqual([]);
  });
});

describe('a lost answer', () => {
  async function taken() {
    const { action, lease } = await anOffer();
    return { action, lease, first: await world.redeem(lease, action) };
  }

  const refused = '410 already_redeemed';

  it('is given again only to the key that took it, for the same bytes, to the same encryption key', async () => {
    const { action, lease, first } = await taken();
    const [, enc] = world.keys.agent.spec.jwks.keys;
    const ask = (body: object) => world.prove('POST', `/v1/leases/${lease}/redeem`, body);
    const { digest } = action;
    expect((await ask({ action_digest: digest, public_key: enc })).text).toBe(first.text);
    expect(codeOf(await ask({ action_digest: `sha256:${'B'.repeat(43)}` }))).toBe(refused);
    expect(codeOf(await ask({ action_digest: digest, public_key: publicPart(world.otherKey) }))).toBe(refused);
    expect(codeOf(await world.redeem(lease, action, world.otherKey))).toBe('404 not_found');
    expect((await world.redeem(lease, action)).text).toBe(first.text);
    // Said once, however often it was tried; counted each time.
    await eventually(() => {
      expect(world.alarms(lease).map(({ why, sequence }) => [why, sequence])).toEqual([['other_request', 4]]);
    });
    expect(await world.delivery(lease)).toMatchObject({ replays: 2, alarmed: ['other_request'] });
    await world.complete(lease);
    await world.hears(action, 'offered', 'released', 'ended/completed');
  });

  it('is given to nobody who has only stolen the reference, in whatever way, and that harms nobody', async () => {
    const { action, lease: leaseId, first } = await taken();
    const lease = { leaseId, action };
    for (const { how, proof, key, refusal } of thefts) {
      const made = proof(honest(world, lease, key?.(world)), world);
      expect([how, codeOf(await redeemWith(world, lease, made))]).toEqual([how, refusal]);
    }
    // What was seen on the way is spent: its proof with the call that it was made for.
    const seen = makeProof(honest(world, lease));
    expect((await redeemWith(world, lease, seen)).text).toBe(first.text);
    expect(codeOf(await redeemWith(world, lease, seen))).toBe('401 proof_invalid');
    expect(world.alarms(leaseId)).toEqual([]);
    await world.complete(leaseId);
    await world.hears(action, 'offered', 'released', 'ended/completed');
  });

  it('is not given to a key for deliveries that is not registered: nothing is made', async () => {
    const { action, lease } = await anOffer();
    const body = { action_digest: action.digest, public_key: publicPart(generatePrivateJwk('P-256')) };
    expect(codeOf(await world.prove('POST', `/v1/leases/${lease}/redeem`, body))).toBe('401 key_unknown');
    expect(await world.row(lease)).toMatchObject({ state: 'offered' });
  });

  it('is waited for while it is being made, by the key that took it, and refused to another', async () => {
    const { action, lease } = await anOffer();
    const blocker = await world.target.connect('sallyport_admin', 'throw-away');
    await blocker.query('BEGIN; LOCK TABLE sallyport.leases IN SHARE MODE');
    const answer = world.redeem(lease, action);
    await eventually(async () => {
      expect(await world.row(lease)).toMatchObject({ state: 'minting' });
    });
    expect(codeOf(await world.redeem(lease, action))).toBe('503 dependency_unavailable');
    expect(codeOf(await world.redeem(lease, action, world.secondKey))).toBe(refused);
    await blocker.query('COMMIT');
    await blocker.end();
    const { text } = await answer;
    expect((await world.redeem(lease, action)).text).toBe(text);
    await world.complete(lease);
    await world.hears(action, 'offered', 'released', 'ended/completed');
  });

  it('goes with the lease at once, and by itself after its time', async () => {
    const { action, lease } = await taken();
    await world.asPerson('sam', 'POST', `/v1/leases/${lease}/end`, { reason: 'enough' });
    expect(await world.delivery(lease)).toMatchObject({ sealed: null });
    expect(codeOf(await world.redeem(lease, action))).toBe(refused);
    await world.hears(action, 'offered', 'released', 'ended/stopped');

    const late = await taken();
    await world.inTransaction(async (session) => {
      await session.query('SET LOCAL session_replication_role = replica');
      await session.query('UPDATE credentials.lease_deliveries SET keep_until = now() WHERE lease_id = $1', [late.lease]);
      await session.query('UPDATE credentials.timers SET due_at = now() WHERE kind = $1 AND ref = $2', ['delivery', late.lease]);
    }); // prettier-ignore
    expect(codeOf(await world.redeem(late.lease, late.action))).toBe(refused);
    await eventually(async () => {
      expect(await world.delivery(late.lease)).toMatchObject({ sealed: null });
    });
    await world.complete(late.lease);
  });

  it('of a lease whose profile says so: whoever comes second with another key ends it', async () => {
    await world.register('profiles', 'orders-ddl', world.profile({ end_on_replay: true }));
    const { action, lease, first } = await taken();
    const role = await world.role(first);
    expect((await world.redeem(lease, action)).text).toBe(first.text);
    expect(codeOf(await world.redeem(lease, action, world.secondKey))).toBe(refused);
    await world.hears(action, 'offered', 'released', 'ended/replayed');
    await expect(world.target.connect(role.user, role.password)).rejects.toThrow(/authentication failed/u);
    expect(world.alarms(lease)).toMatchObject([{ why: 'other_key', ends: true }]);
    await world.register('profiles', 'orders-ddl', world.profile({}));
  });

  it('is given to no agent that is suspended, and past no pull of the kill switch', async () => {
    const { action, lease } = await taken();
    await world.suspend('suspended', { quietly: true });
    expect(codeOf(await world.redeem(lease, action))).toBe('403 agent_suspended');
    await world.suspend('active');
    await world.hears(action, 'offered', 'released', 'ended/agent_suspended');

    const pulled = await taken();
    await world.admin(
      `INSERT INTO credentials.kill_pulls (pull_id, epoch, version, scope, scope_id, "by", reason, pulled_at, live)
       VALUES ($1, 1, 1, 'agent', 'migrator-1', 'sam', 'a drill', now(), 1)`,
      [pulled.lease],
    );
    expect(codeOf(await world.redeem(pulled.lease, pulled.action))).toBe('410 ended');
    await world.complete(pulled.lease);
  });
});
