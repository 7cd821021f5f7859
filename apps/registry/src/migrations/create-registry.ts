import type { Migration, MigrationRunner } from '#database';

export class CreateRegistry implements Migration {
  readonly name = 'CreateRegistry1795478400200';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE entries (
        kind text NOT NULL,
        id text NOT NULL,
        version integer NOT NULL CHECK (version > 0),
        deleted boolean NOT NULL,
        spec jsonb,
        entry text NOT NULL,
        changed_by text NOT NULL,
        changed_at timestamptz NOT NULL,
        PRIMARY KEY (kind, id),
        CHECK (deleted = (spec IS NULL))
      )`);
    // Who a person is and what groups hold that person are asked at every call by a person.
    await runner.query(`
      CREATE INDEX entries_members ON entries USING gin ((spec -> 'members') jsonb_ops)
       WHERE kind = 'groups' AND NOT deleted`);
    await runner.query(`
      CREATE TABLE entry_versions (
        kind text NOT NULL,
        id text NOT NULL,
        version integer NOT NULL CHECK (version > 0),
        deleted boolean NOT NULL,
        entry text NOT NULL,
        changed_by text NOT NULL,
        changed_at timestamptz NOT NULL,
        reason text,
        PRIMARY KEY (kind, id, version)
      )`);
    // Names that no two live entries may hold: keys of agents, accounts of people.
    await runner.query(`
      CREATE TABLE claims (
        claim text PRIMARY KEY,
        kind text NOT NULL,
        id text NOT NULL,
        FOREIGN KEY (kind, id) REFERENCES entries (kind, id)
      )`);
    await runner.query('CREATE INDEX claims_holder ON claims (kind, id)');
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP TABLE claims');
    await runner.query('DROP TABLE entry_versions');
    await runner.query('DROP TABLE entries');
  }
}
