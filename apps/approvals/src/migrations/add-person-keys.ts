import type { Migration, MigrationRunner } from '#database';

/** What credentials states about the key that signed a vote; null for votes from before people signed them. */
export class AddPersonKeys implements Migration {
  readonly name = 'AddPersonKeys1795651200601';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query('ALTER TABLE vote ADD COLUMN person_key text');
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('ALTER TABLE vote DROP COLUMN person_key');
  }
}
