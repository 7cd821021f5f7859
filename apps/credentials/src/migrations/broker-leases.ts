import type { Migration, MigrationRunner } from '#database';

/** Which issuers there are is for the code to say: a new one needs no migration. Of a result only its digest and size are kept. */
const up = `
  ALTER TABLE leases DROP CONSTRAINT leases_issuer_check,
    ADD CONSTRAINT leases_issuer_check CHECK (issuer ~ '^[a-z][a-z0-9-]{0,62}$'),
    ADD COLUMN result_digest text, ADD COLUMN result_rows integer CHECK (result_rows >= 0),
    ADD CONSTRAINT leases_result_whole CHECK (num_nulls(result_digest, result_rows) IN (0, 2))`;

/** For statements that the gate runs itself: what came of them. */
export class BrokerLeases1795660000700 implements Migration {
  readonly name = 'BrokerLeases1795660000700';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query(up);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query(`ALTER TABLE leases DROP CONSTRAINT leases_result_whole, DROP COLUMN result_digest, DROP COLUMN result_rows,
      DROP CONSTRAINT leases_issuer_check, ADD CONSTRAINT leases_issuer_check CHECK (issuer IN ('token', 'postgres-role'))`);
  }
}
