import { execFile } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { root } from '../../tools/world/place.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { scratchFolder } from '../support/scratch.js';

/* `sallyport targets` as a process, at a real PostgreSQL. */

jest.setTimeout(60_000);

let postgres: TestPostgres;
let adminUrl: string;
const scratch = scratchFolder('install');
const adminFile = join(scratch.dir, 'admin');
const secretFile = join(scratch.dir, 'shop-minter');

beforeAll(async () => {
  postgres = await startPostgres();
  await ask(postgres.url, `ALTER SYSTEM SET log_statement = 'all'`);
  await ask(postgres.url, 'SELECT pg_reload_conf()');
  adminUrl = await postgres.freshDatabase();
  writeFileSync(adminFile, adminUrl, { mode: 0o600 });
  await ask(
    adminUrl,
    `CREATE TABLE customers (id int, name text); INSERT INTO customers VALUES (1, 'Ada'); CREATE TABLE orders (id int); CREATE TABLE secrets (id int);
     CREATE ROLE shop_writer NOLOGIN; GRANT SELECT, UPDATE ON customers TO shop_writer`,
  );
}, 60_000);

afterAll(async () => {
  await postgres.remove();
  scratch.remove();
});

async function ask<R extends pg.QueryResultRow>(url: string, sql: string): Promise<R[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    return (await client.query<R>(sql)).rows;
  } finally {
    await client.end();
  }
}

interface Ended {
  code: number;
  out: string;
  said: string;
}

function targets(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const rest: NodeJS.ProcessEnv = { ...process.env, SALLYPORT_TARGET_ADMIN_URL: '' };
  return new Promise((resolve) => {
    const command = [join(root, 'bin', 'sallyport.mjs'), 'targets', ...args];
    execFile(process.execPath, command, { env: { ...rest, ...env }, cwd: scratch.dir }, (error, out, said) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, said });
    });
  });
}

const wanted = [
  '--profile', 'shop_writer=shop_writer:300', '--read-only', 'shop_reader=customers,public.orders', '--harden',
]; // prettier-ignore
const install = (more: string[] = wanted): Promise<Ended> =>
  targets(['install', 'postgres', '--admin-file', adminFile, '--secret-file', secretFile, '--login', 'gate', ...more]);
const check = (): Promise<Ended> => targets(['check', 'postgres', '--admin-file', adminFile]);
const gateUrl = (): string => readFileSync(secretFile, 'utf8').trim();
const verifier = `SCRAM-SHA-256$4096:${'A'.repeat(22)}==$${'A'.repeat(43)}=:${'A'.repeat(43)}=`;

describe('an installed target', () => {
  beforeEach(async () => {
    const { code, said } = await install();
    if (code !== 0) throw new Error(said);
  });

  it('is as it must be, says what to register, and lets the gate mint and nothing more', async () => {
    const again = await install();
    expect(again).toMatchObject({ code: 0 });
    expect(again.out).toContain('kept  schema sallyport and its functions');
    expect(again.out).toContain(`kept  connection of gate in ${secretFile}`);
    expect(again.said).toContain('connection_secret: shop-minter');
    const found = await check();
    expect(found.out.split('\n').filter((line) => line.startsWith('BAD'))).toEqual([]);
    expect(found.code).toBe(0);
    const lease = '019abbbb-0000-7000-8000-000000000001';
    await ask(gateUrl(), `SELECT sallyport.mint('${lease}', 'shop_reader', '${verifier}', 60)`);
    await expect(ask(gateUrl(), 'CREATE ROLE mine')).rejects.toThrow(/permission denied/u);
    await expect(ask(gateUrl(), 'SELECT * FROM customers')).rejects.toThrow(/permission denied/u);
    await ask(gateUrl(), `SELECT sallyport.disable('${lease}'); SELECT sallyport.drop('${lease}')`);
  });

  it('keeps the gate’s password in one file alone', async () => {
    const { out, said } = await install();
    const { password } = new URL(gateUrl());
    expect(password.length).toBeGreaterThan(40);
    expect(statSync(secretFile).mode & 0o077).toBe(0);
    expect(out + said + postgres.log()).not.toContain(password);
  });

  it('has read-only groups that cannot write, whatever a session sets', async () => {
    const lease = '019abbbb-0000-7000-8000-000000000002';
    await ask(gateUrl(), `SELECT sallyport.mint('${lease}', 'shop_reader', '${verifier}', 60)`);
    const role = `sallyport_${lease.replaceAll('-', '')}`;
    await ask(adminUrl, `ALTER ROLE ${role} PASSWORD 'for the test'`);
    const url = new URL(adminUrl);
    url.username = role;
    url.password = 'for the test';
    expect(await ask(url.href, 'SELECT name FROM customers')).toEqual([{ name: 'Ada' }]);
    const [setting] = await ask<{ value: string }>(
      url.href,
      `SELECT current_setting('transaction_read_only') AS value`,
    );
    expect(setting?.value).toBe('on');
    await expect(ask(url.href, 'SET transaction_read_only = off; DELETE FROM customers')).rejects.toThrow(
      /permission denied/u,
    );
    await ask(gateUrl(), `SELECT sallyport.disable('${lease}'); SELECT sallyport.drop('${lease}')`);
  });

  it.each([
    ['ALTER ROLE gate CREATEROLE', 'ALTER ROLE gate NOCREATEROLE', 'logins of gates'],
    ['GRANT shop_writer TO gate', 'REVOKE shop_writer FROM gate', 'logins of gates'],
    ['GRANT EXECUTE ON FUNCTION sallyport.terminate(uuid) TO PUBLIC', 'REVOKE EXECUTE ON FUNCTION sallyport.terminate(uuid) FROM PUBLIC', 'rights of the functions'],
    ['ALTER FUNCTION sallyport.terminate(uuid) OWNER TO CURRENT_USER', 'ALTER FUNCTION sallyport.terminate(uuid) OWNER TO sallyport_target_owner', 'rights of the functions'],
    ['ALTER ROLE sallyport_target_owner LOGIN', 'ALTER ROLE sallyport_target_owner NOLOGIN', 'roles of the functions'],
    ['GRANT CONNECT ON DATABASE postgres TO PUBLIC', 'REVOKE CONNECT ON DATABASE postgres FROM PUBLIC', 'other databases'],
    ['GRANT EXECUTE ON FUNCTION lo_create(oid) TO PUBLIC', 'REVOKE EXECUTE ON FUNCTION lo_create(oid) FROM PUBLIC', 'large and temporary objects'],
    ['GRANT UPDATE (name) ON customers TO shop_reader', 'REVOKE UPDATE (name) ON customers FROM shop_reader', 'read-only profiles'],
    ['GRANT shop_writer TO sallyport_explain_055fe4d27fa2c1173079127d7a5dfb4d', 'REVOKE shop_writer FROM sallyport_explain_055fe4d27fa2c1173079127d7a5dfb4d', 'explaining'],
    ['GRANT UPDATE (name) ON customers TO sallyport_explain_055fe4d27fa2c1173079127d7a5dfb4d', 'REVOKE UPDATE ON customers FROM sallyport_explain_055fe4d27fa2c1173079127d7a5dfb4d', 'explaining'],
    ['GRANT SELECT ON secrets TO sallyport_explain_055fe4d27fa2c1173079127d7a5dfb4d', 'REVOKE SELECT ON secrets FROM sallyport_explain_055fe4d27fa2c1173079127d7a5dfb4d', 'explaining'],
    ['GRANT SELECT ON secrets TO shop_writer', 'REVOKE SELECT ON secrets FROM shop_writer', 'explaining'],
    ['ALTER ROLE shop_writer LOGIN', 'ALTER ROLE shop_writer NOLOGIN', 'profiles'],
    [`COMMENT ON SCHEMA sallyport IS 'older'`, 'SELECT 1', 'functions'],
  ])('is found to be wrong after %s', async (breaking, mending, rule) => {
    await ask(adminUrl, breaking);
    const { code, out } = await check();
    await ask(adminUrl, mending);
    expect(out.split('\n').filter((line) => line.startsWith('BAD')).map((line) => line.slice(6, 38).trim())).toEqual([rule]);
    expect(code).toBe(1);
  }); // prettier-ignore

  it('has roles for explaining that read what the group reads, and lose with an installation what they had beside it', async () => {
    const right = (what: string) => ask(adminUrl, `SELECT relation::text, columns FROM sallyport.shown_to('${what}') ORDER BY 1`);
    expect(await right('shop_writer')).toEqual([{ relation: 'customers', columns: null }]);
    const held = async () => {
      const rows = await ask<{ held: string }>(adminUrl, `SELECT c.relname || ' ' || a.privilege_type AS held
        FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee WHERE r.rolname ~ '^sallyport_explain_' ORDER BY 1`);
      return rows.map((row) => row.held);
    };
    const before = await held();
    expect(before).toEqual(['customers SELECT', 'customers SELECT', 'orders SELECT']);
    await ask(adminUrl, 'GRANT shop_writer TO sallyport_explain_055fe4d27fa2c1173079127d7a5dfb4d; GRANT ALL ON customers, secrets TO sallyport_explain_055fe4d27fa2c1173079127d7a5dfb4d');
    expect((await install()).code).toBe(0);
    expect(await held()).toEqual(before);
    expect((await check()).code).toBe(0);
  }); // prettier-ignore

  it('is not given a read-only profile of a group that can write, nor a login with more rights', async () => {
    await ask(adminUrl, 'GRANT DELETE ON orders TO shop_reader');
    const refused = await install();
    expect(refused.code).toBe(1);
    expect(refused.said).toContain('can change tables');
    await ask(adminUrl, 'REVOKE DELETE ON orders FROM shop_reader; ALTER ROLE gate CREATEROLE');
    expect(await install()).toMatchObject({ code: 1 });
    await ask(adminUrl, 'ALTER ROLE gate NOCREATEROLE');
    expect((await install()).code).toBe(0);
  });
});

describe('nothing is done', () => {
  it('without a reference to a superuser’s connection, or with one of somebody else', async () => {
    const secret = ['--secret-file', join(scratch.dir, 'other')];
    expect(await targets(['install', 'postgres', ...secret])).toMatchObject({ code: 2 });
    expect(await targets(['check', 'postgres'])).toMatchObject({ code: 2 });
    expect(await targets(['install', 'postgres', ...secret, '--admin-file', secretFile])).toMatchObject({ code: 1 });
    const nobody = { SALLYPORT_TARGET_ADMIN_URL: 'postgres://x:secret-word@127.0.0.1:9/x' };
    const away = await targets(['check', 'postgres'], nobody);
    expect(away.code).toBe(3);
    expect(away.said).not.toContain('secret-word');
  });
});
