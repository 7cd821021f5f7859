import type { Migration, MigrationClass, MigrationRunner } from '#database';

/** Contributed to every service that keeps a copy of the registry. */
export class CreateRegistryCopy implements Migration {
  readonly name = 'CreateRegistryCopy1795478400100';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE registry_copy (
        kind text NOT NULL,
        id text NOT NULL,
        version integer NOT NULL CHECK (version > 0),
        entry text NOT NULL,
        PRIMARY KEY (kind, id)
      )`);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP TABLE registry_copy');
  }
}

export const registryCopyMigrations: readonly MigrationClass[] = [CreateRegistryCopy];
