import type { Migration, MigrationRunner } from '#database';

/**
 * Which transaction changed an approval last. Whoever follows changes reads those below the oldest transaction that still
 * runs, so that none comes up behind one that was already read, as it would with a sequence or a time.
 */
export class NumberChanges implements Migration {
  readonly name = 'NumberChanges1795478400310';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE approval ADD COLUMN changed_by xid8 NOT NULL DEFAULT pg_current_xact_id();
      CREATE INDEX approval_by_change ON approval (changed_by);
      CREATE FUNCTION number_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          NEW.changed_by := pg_current_xact_id();
          RETURN NEW;
        END $$;
      CREATE TRIGGER approval_number_change BEFORE UPDATE ON approval FOR EACH ROW EXECUTE FUNCTION number_change();`);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP TRIGGER approval_number_change ON approval; DROP FUNCTION number_change');
    await runner.query('ALTER TABLE approval DROP COLUMN changed_by');
  }
}
