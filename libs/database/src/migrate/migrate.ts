import { Fault, isRetryable, retrying } from '#platform';
import { Client } from 'pg';
import { makeMigrationSource } from '../data-source.js';
import type { MigrationClass } from '../migration.js';
import { sharedMigrations } from '../migrations/index.js';
import { sqlFault, sqlStateOf } from '../sql-fault.js';
import { databaseStatements, ownerRole, separationStatements, serviceStatements } from './roles.js';

export interface ServiceSchema {
  /** Also the name of the schema. */
  service: string;
  /** Of the role that the service logs in with. */
  password: string;
  /** Without the shared ones, which come first. */
  migrations: readonly MigrationClass[];
}

/** Makes a second run in the same database wait for the first. The number is arbitrary; it must never change. */
const migrateLock = 7_215_604_113;

/**
 * One schema and one role per service, then each schema's migrations, then every right that another role has on it taken away. Idempotent; two runs at
 * once are one after the other; passwords are set anew each time. The role in `adminUrl` must be able to create roles and schemas. Gives the names of
 * the migrations that ran, by service; throws a Fault when the database refuses.
 */
export async function migrate(adminUrl: string, services: readonly ServiceSchema[]): Promise<Record<string, string[]>> {
  return retrying(() => migrateOnce(adminUrl, services), { attempts: 5, worthwhile: isPassing });
}

/**
 * What another attempt can cure: no answer, a server that is starting, a lock. Also XX000 ("tuple concurrently updated"): roles are shared by all
 * databases of a server, and a run in another one may change the same role at this moment. A migration that is wrong stays wrong.
 */
function isPassing(error: unknown): boolean {
  return isRetryable(error) && /^(XX000|40|55P03|57P0|08|53)/u.test(sqlStateOf(error) ?? '08');
}

async function migrateOnce(adminUrl: string, services: readonly ServiceSchema[]): Promise<Record<string, string[]>> {
  const admin = new Client({
    connectionString: adminUrl,
    connectionTimeoutMillis: 5_000,
    lock_timeout: 120_000,
    application_name: 'sallyport migrate',
  });
  // Without a listener a connection that breaks while idle would end the process.
  admin.on('error', () => undefined);
  try {
    await admin.connect();
    await admin.query('SELECT pg_advisory_lock($1)', [migrateLock]);
    await prepare(admin, services);
    return await runAll(admin, adminUrl, services);
  } catch (error) {
    throw sqlFault(error);
  } finally {
    // Ends the session, and with it the lock.
    await admin.end().catch(() => undefined);
  }
}

async function prepare(admin: Client, services: readonly ServiceSchema[]): Promise<void> {
  const { rows } = await admin.query<{ database: string }>('SELECT current_database()::text AS database');
  const database = rows[0]?.database ?? '';
  await runEach(admin, databaseStatements(database));
  for (const { service, password } of services) await runEach(admin, serviceStatements(database, service, password));
}

async function runAll(
  admin: Client,
  adminUrl: string,
  services: readonly ServiceSchema[],
): Promise<Record<string, string[]>> {
  const ran: Record<string, string[]> = {};
  const names = services.map(({ service }) => service);
  for (const { service, migrations } of services) {
    ran[service] = await runMigrations(adminUrl, service, [...sharedMigrations, ...migrations]);
    await runEach(admin, separationStatements(service, names));
  }
  return ran;
}

async function runMigrations(adminUrl: string, service: string, migrations: MigrationClass[]): Promise<string[]> {
  const source = makeMigrationSource(adminUrl, service, ownerRole, migrations);
  await source.initialize();
  try {
    return (await source.runMigrations()).map(({ name }) => name);
  } catch (error) {
    throw namingSchema(service, error);
  } finally {
    await source.destroy();
  }
}

function namingSchema(service: string, error: unknown): unknown {
  const fault = sqlFault(error);
  if (!(fault instanceof Fault)) return fault;
  const { code, retryable, message, cause } = fault;
  return new Fault(code, { retryable, message: `schema ${service}: ${message}`, cause });
}

async function runEach(admin: Client, statements: string[]): Promise<void> {
  for (const statement of statements) await admin.query(statement);
}
