import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { strangersAnswer, type Profile, type Stranger } from '#contracts';
import { MintIntent, type Ready } from '../../apps/credentials/src/handlers/mint-intent.js';
import { Issuers } from '../../apps/credentials/src/io/issuers/issuers.js';
import { LeaseStore } from '../../apps/credentials/src/io/lease.store.js';
import { eventually } from '../support/eventually.js';
import { codeOf, CredentialsWorld } from './credentials-world.js';

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
