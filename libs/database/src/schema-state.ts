import { Fault, type PartState } from '#platform';
import type { Database } from './database.js';
import { migrationsTable, type MigrationClass } from './migration.js';

/** Whether the schema has every migration that this version of the service was built with. */
export class SchemaState {
  private readonly expected: string[];
  /** Migrations are never taken back while a service runs, so one "yes" is enough. */
  private complete = false;

  constructor(
    private readonly database: Database,
    migrations: readonly MigrationClass[],
  ) {
    this.expected = migrations.map((migration) => new migration().name);
  }

  async check(): Promise<PartState> {
    // A query would wait for the first connection longer than a readiness check may take.
    if (!this.database.isOpen()) return unreachable;
    try {
      if (this.complete) await this.database.query('SELECT 1');
      else this.complete = (await this.missing()) === 0;
      return this.complete ? { ok: true, detail: 'connected' } : behind;
    } catch (error) {
      return error instanceof Fault && error.message.includes('42P01') ? behind : unreachable;
    }
  }

  private async missing(): Promise<number> {
    const [row] = await this.database.query<{ missing: number }>(
      `SELECT count(*)::int AS missing FROM unnest($1::text[]) AS wanted(name)
       WHERE NOT EXISTS (SELECT FROM ${migrationsTable} AS done WHERE done.name = wanted.name)`,
      [this.expected],
    );
    return row?.missing ?? this.expected.length;
  }
}

const behind: PartState = { ok: false, detail: 'the schema is behind this version: run `sallyport migrate`' };
const unreachable: PartState = { ok: false, detail: 'no answer from PostgreSQL' };
