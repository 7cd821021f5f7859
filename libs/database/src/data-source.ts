import type { EventEmitter } from 'node:events';
import { DataSource, type Logger } from 'typeorm';
import { migrationsTable, type MigrationClass } from './migration.js';

export interface ConnectionSettings {
  url: string;
  schema: string;
  /** Most connections that the process opens. */
  pool: number;
  /** Shown in pg_stat_activity. */
  applicationName: string;
  onPoolError: (error: unknown) => void;
}

/** In milliseconds. The client waits a little longer than the server, so that the server's answer, which frees its locks, comes first. */
export const timeouts = {
  connect: 5_000,
  statement: 10_000,
  lock: 5_000,
  idleInTransaction: 15_000,
  answer: 12_000,
} as const;

/** TypeORM would write statements, parameters and errors to the console by itself; ours go through `Log` or to the caller. */
const silent: Logger = {
  logQuery: () => undefined,
  logQueryError: () => undefined,
  logQuerySlow: () => undefined,
  logSchemaBuild: () => undefined,
  logMigration: () => undefined,
  log: () => undefined,
};

/**
 * An error of a connection to which nobody listens ends the process. The pool and TypeORM listen in turn, and between the two there are
 * moments without either; whoever waits on the connection hears of the error by the statement that fails.
 */
function attend(client: Pick<EventEmitter, 'on'>): void {
  client.on('error', () => undefined);
}

/** TypeORM's data source over pg. No entities: the hot path is set-based SQL, and nothing ever synchronises a schema. */
export function makeDataSource(settings: ConnectionSettings): DataSource {
  return new DataSource({
    type: 'postgres',
    url: settings.url,
    poolSize: settings.pool,
    connectTimeoutMS: timeouts.connect,
    applicationName: settings.applicationName,
    poolErrorHandler: settings.onPoolError,
    synchronize: false,
    installExtensions: false,
    logger: silent,
    entities: [],
    extra: {
      statement_timeout: timeouts.statement,
      lock_timeout: timeouts.lock,
      idle_in_transaction_session_timeout: timeouts.idleInTransaction,
      query_timeout: timeouts.answer,
      keepAlive: true,
      onConnect: attend,
      options: `-c search_path=${settings.schema}`,
    },
  });
}

/** A data source that acts as the owner of one schema: only for migrations, whose statements may take long. */
export function makeMigrationSource(
  url: string,
  schema: string,
  owner: string,
  migrations: MigrationClass[],
): DataSource {
  return new DataSource({
    type: 'postgres',
    url,
    poolSize: 1,
    connectTimeoutMS: timeouts.connect,
    applicationName: `sallyport migrate ${schema}`,
    schema,
    synchronize: false,
    installExtensions: false,
    logger: silent,
    entities: [],
    migrations,
    migrationsTableName: migrationsTable,
    migrationsTransactionMode: 'each',
    extra: { lock_timeout: 30_000, options: `-c role=${owner} -c search_path=${schema}` },
  });
}
