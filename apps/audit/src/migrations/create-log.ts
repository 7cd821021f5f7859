import type { Migration, MigrationRunner } from '#database';

/** The log. Leaves and checkpoints are only ever added: the service's role cannot change them, and neither can a slip of the owner. */
export class CreateLog implements Migration {
  readonly name = 'CreateLog1700000001001';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE leaves (
        seq bigint PRIMARY KEY,
        subject text NOT NULL,
        type text NOT NULL,
        leaf text NOT NULL,
        hash bytea NOT NULL CHECK (octet_length(hash) = 32),
        recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
      );
      CREATE INDEX leaves_by_subject ON leaves (subject, seq);
      -- No foreign key: both rows of a leaf are written in one transaction, and leaves are never deleted.
      CREATE TABLE leaf_values (
        seq bigint PRIMARY KEY,
        value bytea NOT NULL,
        salt bytea NOT NULL CHECK (octet_length(salt) = 32)
      ) WITH (toast_tuple_target = 8160);
      CREATE TABLE checkpoints (
        size bigint PRIMARY KEY,
        root bytea NOT NULL,
        note text NOT NULL,
        signed_at timestamptz NOT NULL DEFAULT clock_timestamp()
      );
      CREATE TABLE head (
        one boolean PRIMARY KEY DEFAULT true CHECK (one),
        size bigint NOT NULL,
        frontier bytea[] NOT NULL
      );
      INSERT INTO head (size, frontier) VALUES (0, '{}');
      CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the log is append-only: % on % refused', TG_OP, TG_TABLE_NAME USING ERRCODE = '42501'; END $$;
      CREATE TRIGGER leaves_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON leaves
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
      CREATE TRIGGER checkpoints_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoints
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
      -- A value may be erased, row by row and by the owner alone; it is never another one.
      CREATE TRIGGER leaf_values_never_changed BEFORE UPDATE OR TRUNCATE ON leaf_values
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
      REVOKE UPDATE, DELETE, TRUNCATE ON leaves, leaf_values, checkpoints FROM sallyport_audit;
      REVOKE INSERT, DELETE, TRUNCATE ON head FROM sallyport_audit;
    `);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP TABLE leaf_values, leaves, checkpoints, head; DROP FUNCTION refuse_change()');
  }
}
