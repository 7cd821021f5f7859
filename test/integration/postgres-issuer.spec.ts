import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import type { Profile, Target } from '#contracts';
import { Log, newId } from '#platform';
import type { Lease } from '../../apps/credentials/src/core/lease.js';
import { PostgresRoleIssuer } from '../../apps/credentials/src/io/issuers/postgres-role.issuer.js';
import { newPassword, scramVerifier } from '../../apps/credentials/src/io/issuers/scram-verifier.js';
import { TargetPools } from '../../apps/credentials/src/io/issuers/target-pools.js';
import { SecretFiles } from '../../apps/credentials/src/io/secret-files.js';
import { eventually } from '../support/eventually.js';
import { forgetWrongClocks, wrongBy } from '../support/wrong-clock.js';
import { minterSecret, startPostgresTarget, type PostgresTarget } from './postgres-target.js';

const quiet = new Log('credentials', 'error', { write: () => undefined });
let target: PostgresTarget;
let pools: TargetPools;
let issuer: PostgresRoleIssuer;
const open: pg.Client[] = [];

async function begin(env: Record<string, string> = {}): Promise<void> {
  target = await startPostgresTarget(env);
  pools = new TargetPools(new SecretFiles(target.secretsDir), { connections: 8, seconds: 10 }, quiet);
  issuer = new PostgresRoleIssuer(pools);
}

async function end(): Promise<void> {
  await Promise.all(open.splice(0).map((client) => client.end().catch(() => undefined)));
  await pools.close();
  await target.remove();
}

beforeAll(() => begin(), 60_000);
afterAll(async () => {
  await end();
  forgetWrongClocks();
});

function aLease(ttlSeconds = 300): Lease {
  const handle = { issuer: 'postgres-role', connectionSecret: minterSecret } as const;
  return { leaseId: newId(), ttlSeconds, handle, issuer: 'postgres-role' } as Lease;
}

async function mint(lease: Lease, profile = 'orders_ddl') {
  const spec = { kind: 'postgres', connection_secret: minterSecret, host: '127.0.0.1', port: target.postgres.port, database: target.database } satisfies Target; // prettier-ignore
  const credential = await issuer.mint({
    lease,
    profile: { target_profile: profile } as Profile,
    target: spec,
    action: { name: 'any', properties: {} },
    principal: undefined,
    now: new Date(),
  });
  if (credential.kind !== 'postgres') throw new TypeError('a role was asked for');
  return credential;
}

/** A session of the agent. */
async function login({ user, password }: { user: string; password: string }): Promise<pg.Client> {
  const client = await target.connect(user, password);
  open.push(client);
  return client;
}

/** Six loops that log in again and again and keep every session they get. */
function startStorm({ user, password }: { user: string; password: string }) {
  let storming = true;
  const sessions: pg.Client[] = [];
  const loop = async (): Promise<void> => {
    while (storming) {
      const client = await target.connect(user, password).catch(() => undefined);
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
      open.push(...sessions);
    },
    alive: async () => (await Promise.all(sessions.map(answers))).filter(Boolean).length,
  };
}

/** As the gate's own login, past the issuer: what a thief of that login could try. */
const asMinter = (sql: string, params: unknown[] = []) => pools.query(minterSecret, sql, params);
const mintSql = 'SELECT * FROM sallyport.mint($1, $2, $3, $4)';
const stateOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'accepted';
  } catch (error) {
    const { sqlState, cause } = error as { sqlState?: string; cause?: { code?: string } };
    return sqlState ?? cause?.code ?? String(error);
  }
};

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
    const other = await target.connect('other_gate', 'other');
    open.push(other);
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
