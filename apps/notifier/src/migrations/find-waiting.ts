import type { Migration, MigrationRunner } from '#database';

/** Finds what waits for people among everything that ever was. */
export class FindWaiting implements Migration {
  readonly name = 'FindWaiting1796169600603';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query(`CREATE INDEX actions_waiting ON actions (deadline_at) WHERE state = 'pending'`);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP INDEX actions_waiting');
  }
}
