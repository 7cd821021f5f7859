import type { Migration, MigrationRunner } from '../migration.js';

/** What must happen at a time: one row per (kind, ref), gone once it has happened. `attempts` counts failures of this row alone. */
export class CreateTimers implements Migration {
  readonly name = 'CreateTimers1700000000003';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE timers (
        kind text NOT NULL,
        ref text NOT NULL,
        due_at timestamptz NOT NULL,
        attempts integer NOT NULL DEFAULT 0,
        PRIMARY KEY (kind, ref)
      ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)`);
    await runner.query('CREATE INDEX timers_due ON timers (kind, due_at, ref)');
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP TABLE timers');
  }
}
