import { describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { newId } from '#platform';
import { aLease, issuer, login, mint, stateOf, target, useRoles } from '../integration/role-issuing.js';
import { eventually } from '../support/eventually.js';

useRoles();

/** Six loops that log in again and again and keep every session they get. */
function startStorm({ user, password }: { user: string; password: string }) {
  let storming = true;
  const sessions: pg.Client[] = [];
  const loop = async (): Promise<void> => {
    while (storming) {
      const client = await login({ user, password }).catch(() => undefined);
      if (client !== undefined) sessions.push(client);
    }
  };
  const loops = Array.from({ length: 6 }, loop);
  const answers = (client: pg.Client): Promise<boolean> => client.query('SELECT 1').then(() => true, () => false); // prettier-ignore
  return {
    sessions,
    stop: async () => {
      storming = false;
      await Promise.all(loops);
    },
    alive: async () => (await Promise.all(sessions.map(answers))).filter(Boolean).length,
  };
}

describe('what an agent tries in order to stay', () => {
  it('an open session is cut in mid-transaction', async () => {
    const lease = aLease();
    const agent = await login(await mint(lease));
    await agent.query('BEGIN');
    await agent.query('UPDATE orders SET total = 0');
    await issuer.remove(lease);
    await expect(agent.query('COMMIT')).rejects.toThrow();
    expect(await target.admin('SELECT 1 FROM orders WHERE total = 0')).toHaveLength(0);
  });

  it('SET ROLE to the group, whose rights would outlive the role, is refused', async () => {
    const lease = aLease();
    const agent = await login(await mint(lease));
    for (const role of [
      'orders_ddl',
      'orders_owner',
      'sallyport_target_owner',
      'sallyport_minter',
      'sallyport_admin',
    ]) {
      await expect(agent.query(`SET ROLE ${role}`)).rejects.toThrow(/permission denied/u);
    }
    await issuer.remove(lease);
  });

  it('a storm of logins leaves no session', async () => {
    const lease = aLease();
    const credential = await mint(lease, 'orders_reader');
    const storm = startStorm(credential);
    try {
      await eventually(() => {
        expect(storm.sessions.length).toBeGreaterThan(5);
      });
      await issuer.remove(lease);
      expect(await issuer.gone([lease])).toEqual(new Set([lease.leaseId]));
    } finally {
      await storm.stop();
    }
    expect(await storm.alive()).toBe(0);
    expect(await issuer.gone([lease])).toEqual(new Set([lease.leaseId]));
  }, 20_000);

  it('an object that it owns does not keep its role', async () => {
    await target.admin(
      'GRANT EXECUTE ON FUNCTION pg_catalog.lo_create(oid) TO orders_ddl; GRANT CREATE ON SCHEMA public TO orders_ddl',
    );
    const lease = aLease();
    const agent = await login(await mint(lease));
    await agent.query('SELECT lo_create(0)');
    await agent.query('CREATE TABLE public.hideout (id int); GRANT ALL ON public.hideout TO PUBLIC');
    await issuer.remove(lease);
    expect(await target.roles()).toEqual([]);
    expect(await target.admin('SELECT 1 FROM pg_largeobject_metadata')).toEqual([]);
    expect(await target.admin(`SELECT 1 FROM pg_class WHERE relname = 'hideout'`)).toEqual([]);
    await target.admin(
      'REVOKE EXECUTE ON FUNCTION pg_catalog.lo_create(oid) FROM orders_ddl; REVOKE CREATE ON SCHEMA public FROM orders_ddl',
    );
  });

  it('with the hardening it makes no large object, no temporary table and nothing in another database', async () => {
    const lease = aLease();
    const credential = await mint(lease);
    const agent = await login(credential);
    await expect(agent.query('SELECT lo_create(0)')).rejects.toThrow(/permission denied/u);
    await expect(agent.query('CREATE TEMP TABLE t (id int)')).rejects.toThrow(/permission denied/u);
    await expect(target.connect(credential.user, credential.password, 'postgres')).rejects.toThrow(
      /permission denied/u,
    );
    await issuer.remove(lease);
  });

  it('it cannot prolong its life, nor make or free others', async () => {
    const lease = aLease();
    const { user, password } = await mint(lease);
    const agent = await login({ user, password });
    for (const attempt of [
      `ALTER ROLE ${user} VALID UNTIL 'infinity'`,
      'CREATE ROLE accomplice LOGIN',
      `SELECT sallyport.disable('${lease.leaseId}')`,
      `SELECT * FROM sallyport.mint('${newId()}', 'orders_ddl', '', 10)`,
      'SELECT * FROM sallyport.leases',
      'GRANT orders_ddl TO gate_login',
    ]) {
      await expect(agent.query(attempt)).rejects.toThrow();
    }
    await agent.query(`ALTER ROLE ${user} PASSWORD 'mine now'`);
    await issuer.remove(lease);
    await expect(login({ user, password: 'mine now' })).rejects.toThrow(/authentication failed/u);
  });

  it('somebody else’s object that hangs on its own is not torn away with it', async () => {
    await target.admin('GRANT CREATE ON SCHEMA public TO orders_ddl');
    const lease = aLease();
    const agent = await login(await mint(lease));
    await agent.query('CREATE TABLE public.base (id int); GRANT SELECT ON public.base TO PUBLIC');
    await target.admin('CREATE VIEW public.report AS SELECT * FROM public.base');
    expect(await stateOf(issuer.remove(lease))).toBe('2BP01');
    await expect(agent.query('SELECT 1')).rejects.toThrow();
    expect(await issuer.gone([lease])).toEqual(new Set());
    await target.admin('DROP VIEW public.report');
    await issuer.remove(lease);
    expect(await issuer.gone([lease])).toEqual(new Set([lease.leaseId]));
    await target.admin('REVOKE CREATE ON SCHEMA public FROM orders_ddl');
  });
});
