import type { Migration, MigrationRunner } from '../migration.js';

/** The newest version heard of each subject. No index but the key, and room on each page, so that the constant updates stay heap-only. */
export class CreateInbox implements Migration {
  readonly name = 'CreateInbox1700000000002';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE inbox (
        source text NOT NULL,
        subject text NOT NULL,
        sequence bigint NOT NULL,
        seen_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (source, subject)
      ) WITH (fillfactor = 70)`);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP TABLE inbox');
  }
}
