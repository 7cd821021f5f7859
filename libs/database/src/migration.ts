/** The part of TypeORM's query runner that a migration uses. */
export interface MigrationRunner {
  query(sql: string, params?: unknown[]): Promise<unknown>;
}

/** One step of one schema. Runs as the owner of the schema, whose `search_path` is that schema, in a transaction of its own. */
export interface Migration {
  /** Ends in 13 digits, milliseconds since 1970: the order in which steps run. */
  readonly name: string;
  up(runner: MigrationRunner): Promise<void>;
  down(runner: MigrationRunner): Promise<void>;
}

export type MigrationClass = new () => Migration;

export const migrationsTable = 'migrations';
