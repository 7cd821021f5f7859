import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { ProfileWish } from '../../apps/cli/src/core/target-wish.js';
import { installTarget } from '../../apps/cli/src/handlers/install-target.js';
import { withTarget } from '../../apps/cli/src/io/target-session.js';
import { scratchFolder } from '../support/scratch.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

export const minterSecret = 'orders-minter';

/** A real PostgreSQL as a target: a database with an `orders` table, Sallyport installed, and a gate's login. */
export interface PostgresTarget {
  postgres: TestPostgres;
  database: string;
  /** A folder with the connection of the gate's login, as credentials reads it. */
  secretsDir: string;
  connect(user: string, password: string, database?: string): Promise<pg.Client>;
  /** A session of the superuser, for who holds something up. */
  superuser(): Promise<pg.Client>;
  /** As the superuser. */
  admin<R extends pg.QueryResultRow>(sql: string, params?: unknown[]): Promise<R[]>;
  roles(): Promise<string[]>;
  /** Statements of the gate's login that wait for a lock. */
  waiting(): Promise<string[]>;
  /** Makes a role as the gate's login would, for a lease that the gate does not know. */
  stranger(leaseId: string): Promise<void>;
  /** Everything that the server logged; it logs every statement. */
  serverLog(): string;
  remove(): Promise<void>;
}

const gateLogin = 'gate_login';
const gatePassword = 'only-for-this-test';

/** The tables a lease is about. The group inherits from their owner, so that it can change the table, and can SET to neither. */
const application = `
  CREATE ROLE orders_owner NOLOGIN;
  CREATE TABLE orders (id int PRIMARY KEY, total int NOT NULL);
  INSERT INTO orders SELECT n, n * 100 FROM generate_series(1, 100) AS n;
  ALTER TABLE orders OWNER TO orders_owner;
  CREATE ROLE orders_ddl NOLOGIN;
  GRANT orders_owner TO orders_ddl WITH INHERIT TRUE, SET FALSE;
  CREATE ROLE orders_reader NOLOGIN;
  GRANT SELECT ON orders TO orders_reader;`;

const profile = (name: string, connections: number): ProfileWish => ({
  name,
  group: name,
  maxTtlSeconds: 600,
  connections,
  tables: undefined,
});
const profiles = [profile('orders_ddl', 2), profile('orders_reader', 8)];

/** @param env of the server's process, besides ours */
export async function startPostgresTarget(env: Record<string, string> = {}): Promise<PostgresTarget> {
  const postgres = await startPostgres(env);
  const adminUrl = await postgres.freshDatabase();
  const database = new URL(adminUrl).pathname.slice(1);
  // A connection each time: some specs stop the server in between.
  const admin = async <R extends pg.QueryResultRow>(sql: string, params: unknown[] = []): Promise<R[]> => {
    const client = await connect(adminUrl);
    try {
      return (await client.query<R>(sql, params)).rows;
    } finally {
      await client.end();
    }
  };
  // One statement each: neither may stand in a transaction.
  await admin(`ALTER SYSTEM SET log_statement = 'all'`);
  await admin('SELECT pg_reload_conf()');
  await admin(application);
  const wish = { login: gateLogin, password: gatePassword, profiles, harden: true };
  await withTarget(adminUrl, (session) => installTarget(session, wish));
  const scratch = scratchFolder('target');
  const secretsDir = join(scratch.dir, 'secrets');
  mkdirSync(secretsDir);
  writeFileSync(join(secretsDir, minterSecret), `${postgres.urlAs(gateLogin, gatePassword, database)}\n`, {
    mode: 0o600,
  });
  return {
    postgres,
    database,
    secretsDir,
    connect: (user, password, where = database) => connect(postgres.urlAs(user, password, where)),
    superuser: () => connect(adminUrl),
    admin,
    roles: async () =>
      (
        await admin<{ rolname: string }>(
          `SELECT rolname FROM pg_roles WHERE rolname ~ '^sallyport_[0-9a-f]{32}$' ORDER BY 1`,
        )
      ).map(({ rolname }) => rolname),
    waiting: async () =>
      (
        await admin<{ query: string }>(
          `SELECT query FROM pg_stat_activity WHERE usename = '${gateLogin}' AND wait_event_type = 'Lock'`,
        )
      ).map(({ query }) => query),
    stranger: async (leaseId) => {
      const minter = await connect(postgres.urlAs(gateLogin, gatePassword, database));
      const verifier = `SCRAM-SHA-256$4096:${'A'.repeat(22)}==$${'A'.repeat(43)}=:${'A'.repeat(43)}=`;
      await minter.query('SELECT sallyport.mint($1, $2, $3, 600)', [leaseId, 'orders_ddl', verifier]);
      await minter.end();
    },
    serverLog: () => postgres.log(),
    remove: async () => {
      await postgres.remove();
      scratch.remove();
    },
  };
}

/** A session of somebody who logs in there. An end from the other side is an answer, not a crash of the spec. */
async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
