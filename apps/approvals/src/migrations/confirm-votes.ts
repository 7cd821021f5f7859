import type { Migration, MigrationRunner } from '#database';

/** What credentials states about the confirmation of a vote with a security key; null where the plan asked for none. */
export class ConfirmVotes implements Migration {
  readonly name = 'ConfirmVotes1796083200603';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query('ALTER TABLE vote ADD COLUMN step_up text');
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('ALTER TABLE vote DROP COLUMN step_up');
  }
}
