import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  Database,
  makeDataSource,
  migrate,
  packed,
  roleOf,
  sqlStateOf,
  type Migration,
  type MigrationRunner,
} from '#database';
import { Log } from '#platform';
import pg from 'pg';
import { eventually } from '../support/eventually.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

jest.setTimeout(60_000);

class CreateLeaves implements Migration {
  readonly name = 'CreateLeaves1800000000001';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query(
      'CREATE TABLE leaves (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, hash text NOT NULL UNIQUE)',
    );
    await runner.query(`REVOKE UPDATE, DELETE ON leaves FROM ${roleOf('audit')}`);
    await runner.query("CREATE FUNCTION size() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM leaves'");
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP TABLE leaves');
  }
}

class CreateBroken implements Migration {
  readonly name = 'CreateBroken1800000000002';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query('CREATE TABLE half_made (id int)');
    await runner.query('SELECT nothing FROM nowhere');
  }

  async down(): Promise<void> {
    await Promise.resolve();
  }
}

const services = [
  { service: 'policy', password: 'policy-pw-1', migrations: [] },
  { service: 'audit', password: 'audit-pw-1', migrations: [CreateLeaves] },
];

const quiet = new Log('policy', 'error', { write: () => undefined });

let postgres: TestPostgres;
let adminUrl: string;
let databaseName: string;
let ran: Record<string, string[]>;
const open: Database[] = [];

function connect(service: string, password: string): Database {
  const url = postgres.urlAs(roleOf(service), password, databaseName);
  const source = makeDataSource({
    url,
    schema: service,
    pool: 3,
    applicationName: 'spec',
    onPoolError: () => undefined,
  });
  const database = new Database(source, quiet);
  open.push(database);
  return database;
}

async function asAdmin<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The SQLSTATE with which a statement is refused, or undefined when it is not. */
async function refusal(database: Database, sql: string): Promise<string | undefined> {
  return database.query(sql).then(
    () => undefined,
    (error: unknown) => sqlStateOf(error),
  );
}

const denied = '42501';

beforeAll(async () => {
  postgres = await startPostgres();
  adminUrl = await postgres.freshDatabase();
  databaseName = new URL(adminUrl).pathname.slice(1);
  ran = await migrate(adminUrl, services);
});

afterAll(async () => {
  await Promise.all(open.map((database) => database.close()));
  await postgres.remove();
});

describe('migrate', () => {
  it('gives every schema the shared tables and then its own, and nothing the second time', async () => {
    expect(ran['policy']).toEqual([
      'CreateOutbox1700000000001',
      'CreateInbox1700000000002',
      'CreateTimers1700000000003',
    ]);
    expect(ran['audit']?.at(-1)).toBe('CreateLeaves1800000000001');
    expect(await migrate(adminUrl, services)).toEqual({ policy: [], audit: [] });
  });

  it('can run many times at once', async () => {
    const url = await postgres.freshDatabase();
    const results = await Promise.all([1, 2, 3].map(() => migrate(url, services)));
    expect(results.filter(({ audit }) => (audit?.length ?? 0) > 0)).toHaveLength(1);
  });

  it('leaves nothing of a migration that fails, and says what is wrong', async () => {
    const url = await postgres.freshDatabase();
    const broken = [{ service: 'policy', password: 'policy-pw-1', migrations: [CreateBroken] }];
    await expect(migrate(url, broken)).rejects.toMatchObject({ message: expect.stringContaining('schema policy') });
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query(
      "SELECT to_regclass('policy.half_made') AS half, to_regclass('policy.outbox') AS whole",
    );
    await client.end();
    expect(rows).toEqual([{ half: null, whole: 'policy.outbox' }]);
  });

  it('sets the passwords anew, which never reach the server as text', async () => {
    const url = await postgres.freshDatabase();
    const name = new URL(url).pathname.slice(1);
    const login = async (password: string): Promise<string> => {
      const client = new pg.Client({ connectionString: postgres.urlAs(roleOf('notifier'), password, name) });
      return client.connect().then(
        () => client.end().then(() => 'in'),
        () => 'refused',
      );
    };
    await migrate(url, [{ service: 'notifier', password: 'first-pw', migrations: [] }]);
    expect(await login('first-pw')).toBe('in');
    await migrate(url, [{ service: 'notifier', password: 'second-pw', migrations: [] }]);
    expect([await login('first-pw'), await login('second-pw')]).toEqual(['refused', 'in']);
    const stored = await asAdmin((client) =>
      client.query("SELECT rolpassword FROM pg_authid WHERE rolname = 'sallyport_notifier'"),
    );
    expect(JSON.stringify(stored.rows)).toMatch(/SCRAM-SHA-256\$4096/u);
  });
});

describe("a service's role", () => {
  let policy: Database;
  let audit: Database;
  beforeAll(() => {
    policy = connect('policy', 'policy-pw-1');
    audit = connect('audit', 'audit-pw-1');
  });

  it('reads and writes the tables of its own schema without naming it', async () => {
    await policy.query("INSERT INTO inbox (source, subject, sequence) VALUES ('s', 'x', 1)");
    await policy.query("UPDATE inbox SET sequence = 2 WHERE subject = 'x'");
    expect(await policy.query('SELECT sequence FROM policy.inbox')).toEqual([{ sequence: '2' }]);
    await policy.query("DELETE FROM inbox WHERE subject = 'x'");
  });

  it.each(['outbox', 'inbox', 'timers', 'leaves', 'migrations'])("has no right on another's %s", async (table) => {
    for (const sql of [`SELECT * FROM audit.${table}`, `DELETE FROM audit.${table}`, `TRUNCATE audit.${table}`])
      expect(await refusal(policy, sql)).toBe(denied);
  });

  it('makes no table, schema, role or function, not even in its own schema or in public', async () => {
    for (const sql of [
      'CREATE TABLE mine (id int)',
      'CREATE TABLE public.mine (id int)',
      'CREATE TABLE audit.mine (id int)',
      'CREATE TEMP TABLE mine (id int)',
      'CREATE SCHEMA mine',
      'CREATE ROLE mine',
      "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ])
      expect([sql, await refusal(policy, sql)]).toEqual([sql, denied]);
  });

  it('neither owns nor changes its tables, and cannot become who does', async () => {
    for (const sql of [
      'DROP TABLE outbox',
      'ALTER TABLE outbox DISABLE TRIGGER ALL',
      'TRUNCATE outbox',
      'SET ROLE sallyport_owner',
      'SET ROLE sallyport_audit',
      'GRANT SELECT ON outbox TO sallyport_audit WITH GRANT OPTION',
    ]) {
      const state = await refusal(policy, sql);
      const granted = await asAdmin((client) =>
        client.query("SELECT has_table_privilege('sallyport_audit', 'policy.outbox', 'SELECT') AS yes"),
      );
      expect([sql, state ?? 'done', granted.rows]).toEqual([
        sql,
        sql.startsWith('GRANT') ? 'done' : denied,
        [{ yes: false }],
      ]);
    }
  });

  it('says nothing about which migrations have run', async () => {
    expect(await policy.query('SELECT count(*)::int AS n FROM migrations')).toEqual([{ n: 3 }]);
    expect(await refusal(policy, 'DELETE FROM migrations')).toBe(denied);
  });

  it('has less where its migration says so', async () => {
    await audit.query("INSERT INTO leaves (hash) VALUES ('h1')");
    expect(await audit.query('SELECT hash, size() AS size FROM leaves')).toEqual([{ hash: 'h1', size: '1' }]);
    for (const sql of ["UPDATE leaves SET hash = 'h2'", 'DELETE FROM leaves', 'TRUNCATE leaves']) {
      expect(await refusal(audit, sql)).toBe(denied);
    }
  });

  it('loses at the next migrate what somebody gave it by hand', async () => {
    await asAdmin(async (client) => {
      await client.query(
        'GRANT USAGE ON SCHEMA audit TO sallyport_policy; GRANT SELECT ON audit.leaves TO sallyport_policy; GRANT sallyport_owner TO sallyport_policy',
      );
    });
    expect(await refusal(policy, 'SELECT * FROM audit.leaves')).toBeUndefined();
    await migrate(adminUrl, services);
    expect(await refusal(policy, 'SELECT * FROM audit.leaves')).toBe(denied);
    expect(await refusal(policy, 'SET ROLE sallyport_owner')).toBe(denied);
  });

  it('is the only way in: nobody else connects by being nobody in particular', async () => {
    await asAdmin((client) => client.query("CREATE ROLE stranger LOGIN PASSWORD 'stranger-pw'"));
    const client = new pg.Client({ connectionString: postgres.urlAs('stranger', 'stranger-pw', databaseName) });
    await expect(client.connect()).rejects.toMatchObject({ code: denied });
  });
});

describe('a transaction', () => {
  let policy: Database;
  beforeAll(() => {
    policy = connect('policy', 'policy-pw-1');
  });
  beforeEach(async () => {
    await policy.query('DELETE FROM inbox');
  });

  const insert = "INSERT INTO inbox (source, subject, sequence) VALUES ('s', $1, 1)";
  const subjects = async (): Promise<unknown[]> =>
    (await policy.query('SELECT subject FROM inbox ORDER BY 1')).map(({ subject }) => subject);

  it('saves all or nothing', async () => {
    await policy.transaction((tx) => tx.query(insert, ['a']));
    await expect(
      policy.transaction(async (tx) => {
        await tx.query(insert, ['b']);
        throw new TypeError('bug');
      }),
    ).rejects.toThrow(TypeError);
    expect(await subjects()).toEqual(['a']);
  });

  it('runs what was put off only after others can see what it saved', async () => {
    const seen: Promise<unknown[]>[] = [];
    await policy.transaction(async (tx) => {
      tx.afterCommit(() => seen.push(subjects()));
      await tx.query(insert, ['a']);
      expect(await subjects()).toEqual([]);
      expect(seen).toHaveLength(0);
    });
    expect(await Promise.all(seen)).toEqual([['a']]);
  });

  it('never runs what was put off when it is rolled back, by an error or by a failed statement that was ignored', async () => {
    const seen: string[] = [];
    const failing = policy.transaction(async (tx) => {
      tx.afterCommit(() => seen.push('after an error'));
      await tx.query('SELECT 1 / 0');
    });
    await expect(failing).rejects.toMatchObject({ code: 'statement_failed', retryable: false });
    const ignoring = policy.transaction(async (tx) => {
      tx.afterCommit(() => seen.push('after a swallowed error'));
      await tx.query(insert, ['lost']);
      await tx.query('SELECT 1 / 0').catch(() => undefined);
    });
    await expect(ignoring).rejects.toMatchObject({ code: 'statement_failed' });
    expect(seen).toEqual([]);
    expect(await subjects()).toEqual([]);
  });

  it('is not undone by an error in what was put off, and the rest of that still runs', async () => {
    const seen: string[] = [];
    await policy.transaction(async (tx) => {
      await tx.query(insert, ['kept']);
      tx.afterCommit(() => {
        throw new TypeError('bug');
      });
      tx.afterCommit(() => seen.push('second'));
    });
    expect([await subjects(), seen]).toEqual([['kept'], ['second']]);
  });

  it('takes no statement once it has ended', async () => {
    const late: (() => Promise<unknown>)[] = [];
    await policy.transaction((tx) => {
      late.push(() => tx.query(insert, ['late']));
      return Promise.resolve();
    });
    await expect(late[0]?.()).rejects.toThrow('too late');
    expect(await subjects()).toEqual([]);
  });

  it('that meets another in a deadlock is a conflict worth repeating, and its connection is still good', async () => {
    await policy.query("INSERT INTO inbox (source, subject, sequence) VALUES ('s', 'a', 1), ('s', 'b', 1)");
    const barrier = meetingOf(2);
    const touch = (first: string, second: string) =>
      policy.transaction(async (tx) => {
        await tx.query('UPDATE inbox SET sequence = 2 WHERE subject = $1', [first]);
        await barrier();
        await tx.query('UPDATE inbox SET sequence = 3 WHERE subject = $1', [second]);
      });
    const results = await Promise.allSettled([touch('a', 'b'), touch('b', 'a')]);
    const lost = results.filter((result) => result.status === 'rejected');
    expect(lost.map(({ reason }) => reason as unknown)).toEqual([
      expect.objectContaining({ code: 'database_conflict', retryable: true }),
    ]);
    expect(await policy.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('that is cut off is an outage, and the next one gets a new connection', async () => {
    const cut = policy.transaction(async (tx) => {
      const [own] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await asAdmin((client) => client.query('SELECT pg_terminate_backend($1)', [own?.pid]));
      await tx.query(insert, ['lost']);
    });
    await expect(cut).rejects.toMatchObject({ code: 'database_unavailable', retryable: true });
    for (let i = 0; i < 4; i += 1) expect(await subjects()).toEqual([]);
  });

  it('is limited in time by the server, also while it does nothing', async () => {
    const rows = await policy.query<{ name: string; setting: string }>(
      "SELECT name, setting FROM pg_settings WHERE name = ANY('{statement_timeout,lock_timeout,idle_in_transaction_session_timeout}')",
    );
    expect(rows).toHaveLength(3);
    expect(rows.every(({ setting }) => Number(setting) > 0 && Number(setting) <= 15_000)).toBe(true);
  });

  it('that waits too long for a statement is an outage and not a verdict', async () => {
    const slow = policy.transaction(async (tx) => {
      await tx.query("SET LOCAL statement_timeout = '50ms'");
      await tx.query('SELECT pg_sleep(5)');
    });
    await expect(slow).rejects.toMatchObject({ code: 'database_timeout', retryable: true });
  });
});

describe('many byte strings as one parameter', () => {
  it('arrive as they are: empty ones, absent ones, every byte, and more than a page', async () => {
    const database = connect('policy', 'policy-pw-1');
    database.open();
    const values = [
      Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
      null,
      Buffer.alloc(0),
      Buffer.alloc(20_000, 7),
      null,
      Buffer.from('ä"\\\n'),
    ];
    const sql = `SELECT substr($1::bytea, at, length) AS value
      FROM unnest($2::int[], $3::int[]) WITH ORDINALITY AS p(at, length, n) ORDER BY n`;
    const rows = await database.query<{ value: Buffer | null }>(sql, packed(values));
    expect(rows.map(({ value }) => value)).toEqual(values);
  });
});

describe('the clock', () => {
  it("is the database's", async () => {
    const policy = connect('policy', 'policy-pw-1');
    const [before] = await policy.query<{ at: Date }>('SELECT clock_timestamp() AS at');
    const now = await policy.now();
    const [after] = await policy.query<{ at: Date }>('SELECT clock_timestamp() AS at');
    expect(now >= (before?.at ?? now) && now <= (after?.at ?? now)).toBe(true);
  });
});

describe('a service whose database is away', () => {
  it('starts, says so as an outage, and works when it is back', async () => {
    await postgres.stop();
    const early = connect('policy', 'policy-pw-1');
    early.open();
    const failed = await early.query('SELECT 1').catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'database_unavailable', retryable: true });
    await postgres.start();
    await eventually(async () => expect(await early.query('SELECT 1 AS one')).toEqual([{ one: 1 }]), {
      withinMs: 15_000,
    });
    await postgres.kill();
    // A connection may outlive the server's first process by a moment.
    await eventually(() => expect(early.query('SELECT 1')).rejects.toMatchObject({ retryable: true }));
    await postgres.start();
    await eventually(async () => expect(await early.query('SELECT 1 AS one')).toEqual([{ one: 1 }]), {
      withinMs: 15_000,
    });
  });
});

/** A barrier for `count` parties. */
function meetingOf(count: number): () => Promise<void> {
  let arrived = 0;
  let open: () => void = () => undefined;
  const all = new Promise<void>((resolve) => {
    open = resolve;
  });
  return () => {
    arrived += 1;
    if (arrived === count) open();
    return all;
  };
}
