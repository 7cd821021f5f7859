import type { Migration, MigrationRunner } from '../migration.js';

/**
 * What a service has said and the broker has not acknowledged yet. Rows live for milliseconds, so the table is vacuumed by
 * count and not by share, and values stay in their rows: compressing a signature is wasted, and a second table is dear.
 */
export class CreateOutbox implements Migration {
  readonly name = 'CreateOutbox1700000000001';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE outbox (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        topic text NOT NULL,
        key text NOT NULL,
        headers jsonb NOT NULL CHECK (jsonb_typeof(headers) = 'object'),
        value bytea NOT NULL,
        writer uuid NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, toast_tuple_target = 8160)`);
    await runner.query('CREATE INDEX outbox_writer ON outbox (writer, id)');
    await runner.query('CREATE INDEX outbox_key ON outbox (key, topic)');
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP TABLE outbox');
  }
}
