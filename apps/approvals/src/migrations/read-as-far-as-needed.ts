import type { Migration, MigrationRunner } from '#database';

/**
 * Lists read hardly more rows than they show, however many there are: in the order of their deadlines, equal ones in that of their ids, by group or by
 * everybody who has a part; and count what is alike.
 */
export class ReadAsFarAsNeeded implements Migration {
  readonly name = 'ReadAsFarAsNeeded1796256000601';

  async up(runner: MigrationRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP INDEX approval_inbox, approval_alike, approval_in_sight, approval_was_in_sight');
    await runner.query(`CREATE INDEX approval_inbox ON approval (stage_group, deadline_at) WHERE state = 'open'`);
  }
}

const statements = [
  'DROP INDEX approval_inbox',
  // With the limits that they ask for: what a person does not reach is passed over without reading it.
  `CREATE INDEX approval_inbox ON approval (stage_group, deadline_at, action_id) INCLUDE (stage_min_minor, stage_min_currency)
   WHERE state = 'open'`,
  `CREATE INDEX approval_alike ON approval (shape) WHERE state = 'open'`,
  // Without a list of what is pending: whoever reads would go through it.
  `CREATE INDEX approval_in_sight ON approval USING gin (people_groups) WITH (fastupdate = off) WHERE state = 'open'`,
  // Apart, so that what is over, by far the most, does not stand in the way of what is not.
  `CREATE INDEX approval_was_in_sight ON approval USING gin (people_groups) WITH (fastupdate = off) WHERE state <> 'open'`,
];
