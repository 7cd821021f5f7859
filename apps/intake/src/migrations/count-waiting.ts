import type { Migration, MigrationRunner } from '#database';

/** What waits for people, as approvals says it: so that an agent, a task or an owner with too much of it is asked to wait at the door. */
export class CountWaiting implements Migration {
  readonly name = 'CountWaiting1795728000301';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE waiting (
        action_id uuid PRIMARY KEY,
        agent_id text NOT NULL,
        owner text NOT NULL,
        task_id text,
        deadline_at timestamptz NOT NULL
      ) WITH (fillfactor = 50)`);
    await runner.query('CREATE INDEX waiting_agent ON waiting (agent_id)');
    await runner.query('CREATE INDEX waiting_owner ON waiting (owner)');
    await runner.query('CREATE INDEX waiting_deadline ON waiting (deadline_at)');
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP TABLE waiting');
  }
}
