import type { Migration, MigrationRunner } from '#database';

/**
 * The keys that people vote with. `sealed` holds the ID token that committed to the key and the provider's key that it
 * was checked with, readable by this service alone. Rows stay: a vote by a key is looked at long after its end.
 */
export class AddPersonKeys1795651200600 implements Migration {
  readonly name = 'AddPersonKeys1795651200600';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE person_keys (
        thumbprint text PRIMARY KEY CHECK (thumbprint ~ '^[A-Za-z0-9_-]{43}$'),
        iss text NOT NULL,
        sub text NOT NULL,
        sid text,
        authenticated_at timestamptz NOT NULL,
        until timestamptz NOT NULL CHECK (until > authenticated_at),
        sealed bytea NOT NULL,
        registered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        ended_at timestamptz
      );
      CREATE INDEX person_keys_by_person ON person_keys (iss, sub);`);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP TABLE person_keys');
  }
}
