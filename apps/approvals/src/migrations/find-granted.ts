import type { Migration, MigrationRunner } from '#database';

/** Finds what was approved last of an agent's action on a resource, however much there is. */
export class FindGranted implements Migration {
  readonly name = 'FindGranted1795728000602';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX approval_granted_alike ON approval (agent_id, (summary->>'action'), (summary->>'resource'), closed_at)
      WHERE state = 'granted'`);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP INDEX approval_granted_alike');
  }
}
