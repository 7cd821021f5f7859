import type { Migration, MigrationRunner } from '#database';

/**
 * Lists read no more rows than they show, however many there are: in the order of their deadlines, equal ones in that of their ids, by group or by
 * everybody who has a part; and count what is alike.
 */
export class ReadAsFarAsNeeded implements Migration {
  readonly name = 'ReadAsFarAsNeeded1796256000601';

  async up(runner: MigrationRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP INDEX approval_inbox, approval_alike, approval_in_sight');
    await runner.query(`CREATE INDEX approval_inbox ON approval (stage_group, deadline_at) WHERE state = 'open'`);
  }
}

const statements = [
  'DROP INDEX approval_inbox',
  `CREATE INDEX approval_inbox ON approval (stage_group, deadline_at, action_id) WHERE state = 'open'`,
  `CREATE INDEX approval_alike ON approval (shape) WHERE state = 'open'`,
  // Without a list of what is pending: whoever reads would go through it.
  `CREATE INDEX approval_in_sight ON approval USING gin (people_groups) WITH (fastupdate = off) WHERE state = 'open'`,
];
