import { describe, expect, it } from '@jest/globals';
import { newId } from '#platform';
import { newPassword, scramVerifier } from '../../apps/credentials/src/io/issuers/scram-verifier.js';
import { minterSecret } from '../integration/postgres-target.js';
import { aLease, issuer, login, mint, pools, stateOf, target, useRoles } from '../integration/role-issuing.js';

useRoles();

/** As the gate's own login, past the issuer: what a thief of that login could try. */
const asMinter = (sql: string, params: unknown[] = []) => pools.query(minterSecret, sql, params);
const mintSql = 'SELECT * FROM sallyport.mint($1, $2, $3, $4)';

describe('what a thief of the gate’s login tries at the target', () => {
  it('it makes no roles of its own design', async () => {
    const [login] = await target.admin<{ rolcreaterole: boolean; rolsuper: boolean }>(
      `SELECT rolcreaterole, rolsuper FROM pg_roles WHERE rolname = 'gate_login'`,
    );
    expect(login).toEqual({ rolcreaterole: false, rolsuper: false });
    expect(await stateOf(asMinter('CREATE ROLE accomplice LOGIN'))).toBe('42501');
    expect(await stateOf(asMinter('GRANT pg_execute_server_program TO gate_login'))).toBe('42501');
    expect(await stateOf(asMinter('SET ROLE sallyport_target_owner'))).toBe('42501');
    expect(await stateOf(asMinter('SELECT * FROM orders'))).toBe('42501');
    expect(await stateOf(asMinter('UPDATE sallyport.profiles SET max_ttl_seconds = 86400'))).toBe('42501');
    expect(await stateOf(asMinter(`SELECT sallyport.set_profile('all', 'pg_read_all_data', 60)`))).toBe('42501');
  });

  it('a password in plain text, a long life, and a foreign profile are refused', async () => {
    const verifier = await scramVerifier(newPassword());
    expect(await stateOf(asMinter(mintSql, [newId(), 'orders_ddl', 'plain', 60]))).toBe('SP001');
    expect(await stateOf(asMinter(mintSql, [newId(), 'orders_ddl', `md5${'0'.repeat(32)}`, 60]))).toBe('SP001');
    expect(await stateOf(asMinter(mintSql, [newId(), 'orders_ddl', null, 60]))).toBe('SP001');
    for (const profile of ['orders_owner', 'pg_read_all_data', '', null, `orders_ddl'; DROP TABLE orders; --`]) {
      expect(await stateOf(asMinter(mintSql, [newId(), profile, verifier, 60]))).toBe('SP002');
    }
    for (const ttl of [601, 0, -1, null]) {
      expect(await stateOf(asMinter(mintSql, [newId(), 'orders_ddl', verifier, ttl]))).toBe('SP003');
    }
    expect(await target.roles()).toEqual([]);
  });

  it('it ends no session that is not of its own leases', async () => {
    await target.admin(`CREATE ROLE other_gate LOGIN PASSWORD 'other'; GRANT sallyport_minter TO other_gate`);
    const lease = aLease();
    const agent = await login(await mint(lease));
    const other = await login({ user: 'other_gate', password: 'other' });
    await other.query('SELECT sallyport.disable($1)', [lease.leaseId]);
    expect((await other.query('SELECT sallyport.terminate($1) AS cut', [lease.leaseId])).rows).toEqual([{ cut: 0 }]);
    expect((await other.query('SELECT sallyport.drop($1) AS dropped', [lease.leaseId])).rows).toEqual([
      { dropped: false },
    ]);
    expect((await other.query('SELECT * FROM sallyport.list_ours()')).rows).toEqual([]);
    expect((await agent.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect(await target.admin('SELECT closed_at FROM sallyport.leases WHERE lease_id = $1', [lease.leaseId])).toEqual([
      { closed_at: null },
    ]);
    await asMinter('SELECT sallyport.disable($1)', [lease.leaseId]);
    expect((await other.query('SELECT sallyport.terminate($1) AS cut', [lease.leaseId])).rows).toEqual([{ cut: 0 }]);
    expect((await other.query('SELECT sallyport.drop($1) AS dropped', [lease.leaseId])).rows).toEqual([
      { dropped: false },
    ]);
    expect(
      await stateOf(
        asMinter(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'sallyport_admin' LIMIT 1`),
      ),
    ).toBe('42501');
    await issuer.remove(lease);
  });

  it('no lease is made while it could also reach another database', async () => {
    await target.admin('GRANT CONNECT ON DATABASE postgres TO PUBLIC');
    expect(await stateOf(mint(aLease()))).toBe('SP004');
    await target.admin('REVOKE CONNECT ON DATABASE postgres FROM PUBLIC');
    expect(await target.roles()).toEqual([]);
  });
});
