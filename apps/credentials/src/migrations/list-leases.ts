import type { Migration, MigrationRunner } from '#database';

/** Lists read a page of one state, newest first: of all agents or of one. Groups are looked for on the way; an index of theirs would be written anew with each step of each lease. */
const indexes = `
  CREATE INDEX leases_by_state ON leases (state, lease_id);
  CREATE INDEX leases_of_agent_by_state ON leases (agent_id, state, lease_id);
  DROP INDEX leases_of_agent;`;

/** What the lists of leases are read by. The index of one agent's running leases becomes that of all its leases. */
export class ListLeases1795478400410 implements Migration {
  readonly name = 'ListLeases1795478400410';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query(indexes);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query(`
      DROP INDEX leases_of_agent_by_state, leases_by_state;
      CREATE INDEX leases_of_agent ON leases (agent_id) WHERE state IN ('offered', 'minting', 'active');`);
  }
}
