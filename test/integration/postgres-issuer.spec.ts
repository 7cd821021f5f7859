import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { wrongBy } from '../support/wrong-clock.js';
import { minterSecret } from './postgres-target.js';
import { aLease, begin, end, issuer, login, mint, stateOf, target, useRoles } from './role-issuing.js';

useRoles();

describe('the life of a role', () => {
  it('comes into being for the action, and nothing of it is left afterwards', async () => {
    const lease = aLease();
    await issuer.probe(
      issuer.handleFor({ kind: 'postgres', connection_secret: minterSecret, host: 'h', port: 1, database: 'd' }),
    );
    const credential = await mint(lease);
    expect(credential.user).toBe(`sallyport_${lease.leaseId.replaceAll('-', '')}`);
    const agent = await login(credential);
    await agent.query('ALTER TABLE orders ADD COLUMN note text');
    expect((await agent.query('SELECT note FROM orders LIMIT 1')).rows).toEqual([{ note: null }]);
    expect(await issuer.gone([lease])).toEqual(new Set());

    await issuer.remove(lease);

    await expect(agent.query('SELECT 1')).rejects.toThrow();
    await expect(login(credential)).rejects.toThrow(/authentication failed/u);
    expect(await issuer.gone([lease])).toEqual(new Set([lease.leaseId]));
    expect(await target.roles()).toEqual([]);
    expect(
      await target.admin(
        `SELECT 1 FROM information_schema.columns WHERE table_name = 'orders' AND column_name = 'note'`,
      ),
    ).toHaveLength(1);
  });

  it('ends at the target by the target’s own clock, whatever becomes of the gate', async () => {
    const lease = aLease(1);
    const credential = await mint(lease);
    const [row] = await target.admin<{ seconds: number }>(
      'SELECT extract(epoch FROM rolvaliduntil - clock_timestamp())::float8 AS seconds FROM pg_roles WHERE rolname = $1',
      [credential.user],
    );
    expect(row?.seconds).toBeLessThanOrEqual(1);
    await eventually(() => expect(login(credential)).rejects.toThrow(/authentication failed/u), { withinMs: 5_000 });
    await issuer.remove(lease);
  });

  it('is removed as often as one likes, also when it was never made', async () => {
    const never = aLease();
    await issuer.remove(never);
    await issuer.remove(never);
    expect(await issuer.gone([never])).toEqual(new Set([never.leaseId]));
    const lease = aLease();
    await mint(lease);
    await Promise.all([issuer.remove(lease), issuer.remove(lease)].map((work) => work.catch(() => undefined)));
    await issuer.remove(lease);
    expect(await issuer.gone([lease])).toEqual(new Set([lease.leaseId]));
  });

  it('is made once: a second mint collides, also after the end, and also when the end came first', async () => {
    const lease = aLease();
    await mint(lease);
    expect(await stateOf(mint(lease))).toBe('SP005');
    await issuer.remove(lease);
    expect(await stateOf(mint(lease))).toBe('SP005');
    const late = aLease();
    await issuer.remove(late);
    expect(await stateOf(mint(late))).toBe('SP005');
    expect(await target.roles()).toEqual([]);
  });

  it('is found by the gate that made it', async () => {
    const lease = aLease();
    await mint(lease);
    const handle = { issuer: 'postgres-role', connectionSecret: minterSecret } as const;
    expect(await issuer.listOurs(handle)).toEqual([lease.leaseId]);
    await issuer.remove(lease);
    expect(await issuer.listOurs(handle)).toEqual([]);
  });

  it('is made for 30 agents at once, and removed for 30 at once', async () => {
    const leases = Array.from({ length: 30 }, () => aLease());
    const credentials = await Promise.all(leases.map((lease) => mint(lease, 'orders_reader')));
    expect(new Set(await target.roles())).toEqual(new Set(credentials.map(({ user }) => user)));
    const agents = await Promise.all(credentials.map((credential) => login(credential)));
    const counts = await Promise.all(
      agents.map((agent) => agent.query<{ n: number }>('SELECT count(*)::int AS n FROM orders')),
    );
    expect(counts.map(({ rows }) => rows)).toEqual(leases.map(() => [{ n: 100 }]));
    await Promise.all(leases.map((lease) => issuer.remove(lease)));
    expect(await target.roles()).toEqual([]);
    expect((await issuer.gone(leases)).size).toBe(30);
  });
});

describe('a target that is down', () => {
  it('is said to be unavailable, and is used again when it is back', async () => {
    const lease = aLease();
    const handle = { issuer: 'postgres-role', connectionSecret: minterSecret } as const;
    await mint(lease);
    await target.postgres.stop();
    await expect(issuer.probe(handle)).rejects.toMatchObject({ code: 'target_unavailable', retryable: true });
    await expect(issuer.remove(lease)).rejects.toMatchObject({ code: 'target_unavailable', retryable: true });
    await target.postgres.start();
    await issuer.probe(handle);
    await issuer.remove(lease);
    expect(await issuer.gone([lease])).toEqual(new Set([lease.leaseId]));
  }, 30_000);
});

describe.each([
  ['+5m', 300],
  ['-5m', -300],
])('at a target whose clock is wrong by %s', (offset, seconds) => {
  beforeAll(async () => {
    await end();
    await begin(wrongBy(offset));
  }, 60_000);

  it('a role works from its mint on, and for as long as it was to, by the clock of that target', async () => {
    const clock = 'SELECT extract(epoch FROM clock_timestamp())::float8 AS now';
    const [row] = await target.admin<{ now: number }>(clock);
    expect(Math.abs((row?.now ?? 0) - Date.now() / 1_000 - seconds)).toBeLessThan(10);
    const lease = aLease(2);
    const from = performance.now();
    const credential = await mint(lease);
    await login(credential);
    await eventually(() => expect(login(credential)).rejects.toThrow(/authentication failed/u), { withinMs: 5_000 });
    expect(performance.now() - from).toBeGreaterThan(2_000);
    await issuer.remove(lease);
    expect(await issuer.gone([lease])).toEqual(new Set([lease.leaseId]));
  });
});
