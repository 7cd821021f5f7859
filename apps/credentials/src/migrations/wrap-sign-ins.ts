import type { Migration, MigrationRunner } from '#database';

/** A data key of its own for each sign-in, wrapped by the KEK that is named beside it. Rows of before have none until the service has sealed them anew. */
export class WrapSignIns1796083200700 implements Migration {
  readonly name = 'WrapSignIns1796083200700';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE person_keys ADD kek_id text, ADD data_key bytea,
        ADD CHECK ((kek_id IS NULL) = (data_key IS NULL)), ADD CHECK (kek_id <> '');
      CREATE INDEX person_keys_by_kek ON person_keys (kek_id);`);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('ALTER TABLE person_keys DROP kek_id, DROP data_key');
  }
}
