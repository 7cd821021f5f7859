import type { Migration, MigrationRunner } from '#database';

/** What people said no to, so that the same is not put before them again at once. */
export class RememberRefusals implements Migration {
  readonly name = 'RememberRefusals1795728000201';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query('ALTER TABLE action ADD COLUMN shape text, ADD COLUMN refused_seconds_ago integer');
    await runner.query('CREATE TABLE refusal (shape text PRIMARY KEY, refused_at timestamptz NOT NULL)');
    await runner.query('CREATE INDEX refusal_age ON refusal (refused_at)');
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP TABLE refusal');
    await runner.query('ALTER TABLE action DROP COLUMN shape, DROP COLUMN refused_seconds_ago');
  }
}
