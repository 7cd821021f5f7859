import { Global, Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { CommonSettings, Log, Readiness, Shutdown, ThisProcess } from '#platform';
import { Database } from './database.js';
import { DatabaseClock } from './database-clock.js';
import { makeDataSource } from './data-source.js';
import type { MigrationClass } from './migration.js';
import { sharedMigrations } from './migrations/index.js';
import { SchemaState } from './schema-state.js';
import { Timers } from './timers/timers.js';

export interface DatabaseOptions {
  /** The service's own schema; its role's name is `sallyport_<schema>`. */
  schema: string;
  /** All of the service's migrations, without the shared ones. Run by `migrate()`, never at start: here they say what the schema must have before the service is ready. */
  migrations: readonly MigrationClass[];
}

/** Gives every part of the service `Database`, its clock and `Timers`; connects in the background, reports to readiness, closes last. */
@Global()
@Module({})
export class DatabaseModule implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly schema: SchemaState,
    private readonly readiness: Readiness,
    private readonly shutdown: Shutdown,
  ) {}

  static forService({ schema, migrations }: DatabaseOptions): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [
        {
          provide: Database,
          useFactory: (settings: CommonSettings, log: Log, process: ThisProcess) =>
            openLater(schema, settings, log, process),
          inject: [CommonSettings, Log, ThisProcess],
        },
        {
          provide: SchemaState,
          useFactory: (database: Database) => new SchemaState(database, [...sharedMigrations, ...migrations]),
          inject: [Database],
        },
        { provide: DatabaseClock, useFactory: (database: Database) => new DatabaseClock(database), inject: [Database] },
        Timers,
      ],
      exports: [Database, DatabaseClock, Timers],
    };
  }

  onModuleInit(): void {
    this.database.open();
    this.readiness.register('database', () => this.schema.check());
    this.shutdown.at('database', 'pool', () => this.database.close());
  }
}

function openLater(schema: string, settings: CommonSettings, log: Log, process: ThisProcess): Database {
  const source = makeDataSource({
    url: settings.SALLYPORT_DATABASE_URL,
    schema,
    pool: settings.SALLYPORT_DATABASE_POOL,
    applicationName: `sallyport ${process.name}`,
    onPoolError: (error) => {
      log.warn('database.idle_connection_lost', { error });
    },
  });
  return new Database(source, log);
}
