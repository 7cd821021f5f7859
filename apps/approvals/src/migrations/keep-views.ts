import type { Migration, MigrationRunner } from '#database';

/** What people saw when they voted, to the letter: each view once, however many votes name it. */
export class KeepViews implements Migration {
  readonly name = 'KeepViews1795728000603';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE shown_view (
        view_digest text PRIMARY KEY,
        action_id uuid NOT NULL,
        view text NOT NULL
      ) WITH (toast_tuple_target = 8160)`);
    await runner.query('CREATE INDEX shown_view_action ON shown_view (action_id)');
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP TABLE shown_view');
  }
}
