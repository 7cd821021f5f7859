import type { Migration, MigrationRunner } from '#database';

/**
 * Security keys of people, and the pages on which they are enrolled and used. A key's row stays: a vote that it confirmed is
 * looked at long after its end. Of a page only the hash of its link's secret is kept, so that nobody who reads this can open it.
 */
export class AddWebauthn1796083200620 implements Migration {
  readonly name = 'AddWebauthn1796083200620';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE webauthn_keys (
        credential_id text PRIMARY KEY,
        person text NOT NULL,
        iss text NOT NULL,
        sub text NOT NULL,
        public_key bytea NOT NULL,
        counter bigint NOT NULL CHECK (counter >= 0),
        label text NOT NULL,
        enrolled_by text NOT NULL,
        enrolled_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        ended_at timestamptz
      );
      CREATE INDEX webauthn_keys_by_person ON webauthn_keys (person);
      CREATE TABLE ceremonies (
        secret_hash bytea PRIMARY KEY CHECK (length(secret_hash) = 32),
        subject text NOT NULL,
        kind text NOT NULL CHECK (kind IN ('enrol', 'vote', 'pull')),
        person text NOT NULL,
        iss text NOT NULL,
        sub text NOT NULL,
        begun_by text NOT NULL,
        challenge text NOT NULL UNIQUE,
        about jsonb NOT NULL,
        expires_at timestamptz NOT NULL,
        done_at timestamptz,
        statement text,
        spent_at timestamptz,
        CHECK (spent_at IS NULL OR done_at IS NOT NULL)
      );
      CREATE INDEX ceremonies_expires_at ON ceremonies (expires_at);`);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP TABLE ceremonies; DROP TABLE webauthn_keys');
  }
}
