import type { Migration, MigrationRunner } from '#database';

/** What stood at a target with this gate's mark and belonged to no running lease, and who said that it may be dropped. */
export class KeepStrangers1795670000800 implements Migration {
  readonly name = 'KeepStrangers1795670000800';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE strangers (
        target text NOT NULL,
        lease_id uuid NOT NULL,
        is_over boolean NOT NULL,
        found_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        closed_at timestamptz,
        confirmed_by text,
        confirmed_reason text,
        confirmed_at timestamptz,
        dropped_at timestamptz,
        PRIMARY KEY (target, lease_id),
        CHECK (num_nulls(confirmed_by, confirmed_reason, confirmed_at) IN (0, 3)),
        CHECK (dropped_at IS NULL OR is_over OR confirmed_at IS NOT NULL)
      );
      REVOKE DELETE ON strangers FROM sallyport_credentials;`);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP TABLE strangers');
  }
}
