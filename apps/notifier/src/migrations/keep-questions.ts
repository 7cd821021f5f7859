import type { Migration, MigrationRunner } from '#database';

/** What a person asked the agent last: told to whoever may see the action, over HTTP and nowhere else. */
export class KeepQuestions implements Migration {
  readonly name = 'KeepQuestions1796169600602';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query('ALTER TABLE actions ADD COLUMN question text, ADD COLUMN asked_at timestamptz');
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('ALTER TABLE actions DROP COLUMN question, DROP COLUMN asked_at');
  }
}
