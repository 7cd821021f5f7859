import type { Migration, MigrationRunner } from '#database';

/** Groups that may decide because nobody else has: they hear of the end too. */
export class FollowEscalations implements Migration {
  readonly name = 'FollowEscalations1796083201001';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query(`ALTER TABLE actions ADD COLUMN escalated text[] NOT NULL DEFAULT '{}'`);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('ALTER TABLE actions DROP COLUMN escalated');
  }
}
