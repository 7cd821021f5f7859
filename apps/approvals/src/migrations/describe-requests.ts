import type { Migration, MigrationRunner } from '#database';

/**
 * What requests that look alike have in common, so that lists show them together; and for whom one waits, so that no agent, task or
 * owner fills the lists of people. Absent from rows without sound evidence, and from those of before.
 */
export class DescribeRequests implements Migration {
  readonly name = 'DescribeRequests1795728000601';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query('ALTER TABLE approval ADD COLUMN shape text, ADD COLUMN owner text, ADD COLUMN task_id text');
    await runner.query(`CREATE INDEX approval_open_by_owner ON approval (owner) WHERE state = 'open'`);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('ALTER TABLE approval DROP COLUMN shape, DROP COLUMN owner, DROP COLUMN task_id');
  }
}
