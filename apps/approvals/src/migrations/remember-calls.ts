import type { Migration, MigrationRunner } from '#database';
import { proofJtiTable } from '#trust/http';

/** Calls of people that were made: each is signed for one time. */
export class RememberCalls implements Migration {
  readonly name = 'RememberCalls1796083200602';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query(proofJtiTable);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP TABLE proof_jti');
  }
}
