import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { generatePrivateJwk, makeProof, publicPart } from '#trust';
import { codeOf, CredentialsWorld } from '../integration/credentials-world.js';
import { eventually } from '../support/eventually.js';
import { honest, redeemWith, thefts } from './thefts.js';

jest.setTimeout(60_000);

let world: CredentialsWorld;

beforeAll(async () => {
  // As the product has it: what is made here may take its time.
  world = await CredentialsWorld.start({ SALLYPORT_CREDENTIALS_MINT_SECONDS: '10' });
});

afterAll(async () => {
  await world.remove();
});

async function anOffer() {
  const action = world.action();
  await world.allow(action);
  return { action, lease: await world.offered(action) };
}

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
