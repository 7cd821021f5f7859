import type { Migration, MigrationRunner } from '#database';

/**
 * What identity providers have ended: a sign-in of such a session registers no key any more, however late it comes. `provider_sub`
 * is set where another claim than `sub` names a provider's people, because a provider that ends sessions says `sub`.
 */
export class EndSessions1796169600800 implements Migration {
  readonly name = 'EndSessions1796169600800';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE person_keys ADD provider_sub text;
      CREATE TABLE ended_sessions (
        iss text NOT NULL,
        sid text,
        sub text,
        said_at timestamptz NOT NULL,
        ended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CHECK (num_nonnulls(sid, sub) > 0)
      );
      CREATE INDEX ended_sessions_by_sid ON ended_sessions (iss, sid);
      CREATE INDEX ended_sessions_by_sub ON ended_sessions (iss, sub);
      CREATE INDEX ended_sessions_by_end ON ended_sessions (ended_at);`);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP TABLE ended_sessions; ALTER TABLE person_keys DROP provider_sub');
  }
}
