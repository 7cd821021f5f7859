import type { Migration, MigrationRunner } from '#database';

/** Seats that people gave to others, and the votes that were cast on them. */
export class GiveSeats implements Migration {
  readonly name = 'GiveSeats1796169600601';

  async up(runner: MigrationRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP TABLE delegation');
    await runner.query('ALTER TABLE vote DROP COLUMN seat_of, DROP COLUMN delegation, DROP COLUMN delegation_key');
  }
}

const statements = [
  // Once for each that was signed: what was taken back is not given again by sending it again.
  `CREATE TABLE delegation (
     jti uuid PRIMARY KEY,
     action_id uuid NOT NULL,
     plan_no integer NOT NULL,
     giver text NOT NULL,
     receiver text NOT NULL,
     until timestamptz NOT NULL,
     delegation text NOT NULL,
     person_key text NOT NULL,
     given_at timestamptz NOT NULL,
     ended_at timestamptz
   )`,
  // A seat is in one hand at a time, and nobody holds two.
  `CREATE UNIQUE INDEX delegation_given ON delegation (action_id, plan_no, giver) WHERE ended_at IS NULL`,
  `CREATE UNIQUE INDEX delegation_received ON delegation (receiver, action_id, plan_no) WHERE ended_at IS NULL`,
  // For whoever follows changes, also of what was taken back.
  `CREATE INDEX delegation_by_action ON delegation (action_id, plan_no)`,
  `CREATE INDEX delegation_by_giver ON delegation (giver) WHERE ended_at IS NULL`,
  `ALTER TABLE vote ADD COLUMN seat_of text, ADD COLUMN delegation text, ADD COLUMN delegation_key text`,
  `CREATE UNIQUE INDEX vote_seat ON vote (action_id, plan_no, seat_of) WHERE seat_of IS NOT NULL`,
];
