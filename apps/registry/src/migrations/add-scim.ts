import type { Migration, MigrationRunner } from '#database';

/** What identity providers have pushed, and the entry that each of it became. */
export class AddScim implements Migration {
  readonly name = 'AddScim1795996800210';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE scim_resources (
        id uuid PRIMARY KEY,
        n bigint GENERATED ALWAYS AS IDENTITY,
        provider text NOT NULL,
        kind text NOT NULL CHECK (kind IN ('people', 'groups')),
        entry_id text NOT NULL,
        made boolean NOT NULL,
        resource jsonb NOT NULL,
        revision integer NOT NULL CHECK (revision > 0),
        created_at timestamptz NOT NULL,
        changed_at timestamptz NOT NULL,
        removed_at timestamptz,
        FOREIGN KEY (kind, entry_id) REFERENCES entries (kind, id)
      )`);
    // Two providers never share an entry.
    await runner.query(`
      CREATE UNIQUE INDEX scim_resources_entry ON scim_resources (kind, entry_id) WHERE removed_at IS NULL`);
    await runner.query(`
      CREATE INDEX scim_resources_page ON scim_resources (provider, kind, n) WHERE removed_at IS NULL`);
    for (const [name, asked] of Object.entries(questions)) {
      await runner.query(`
        CREATE INDEX scim_resources_${name} ON scim_resources (provider, kind, ${asked}) WHERE removed_at IS NULL`);
    }
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP TABLE scim_resources');
  }
}

/** Providers look for what they have pushed by these. */
const questions = {
  user_name: "lower(resource ->> 'userName')",
  external_id: "(resource ->> 'externalId')",
  display_name: "lower(resource ->> 'displayName')",
};
