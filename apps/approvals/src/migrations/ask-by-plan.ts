import type { Migration, MigrationRunner } from '#database';

/**
 * Plans with several stages open at once, people who are asked by name or by one of several groups, and stages that began some time
 * and go on to the next group. Absent from rows whose plan asks one group at a time.
 */
export class AskByPlan implements Migration {
  readonly name = 'AskByPlan1796083200701';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE approval ADD COLUMN open_stages integer[], ADD COLUMN asked text[], ADD COLUMN began_at timestamptz,
        ADD COLUMN escalated integer[] NOT NULL DEFAULT '{}'`);
    await runner.query(
      `CREATE INDEX approval_asked ON approval USING gin (asked) WHERE state = 'open' AND asked IS NOT NULL`,
    );
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE approval DROP COLUMN open_stages, DROP COLUMN asked, DROP COLUMN began_at, DROP COLUMN escalated',
    );
  }
}
