import type { Migration, MigrationRunner } from '#database';

/** What policy remembers: which actions it has judged, money in flight and spent, how often agents ask, which reviews are open. */
export class CreatePolicy implements Migration {
  readonly name = 'CreatePolicy1795478400201';

  async up(runner: MigrationRunner): Promise<void> {
    for (const statement of tables) await runner.query(statement);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP TABLE review, review_lock, velocity, reservation, freed, account, action');
  }
}

const tables = [
  // One row for each action that was judged, for ever: a second verdict about the same id must be impossible.
  `CREATE TABLE action (
     action_id uuid PRIMARY KEY,
     agent_id text NOT NULL,
     outcome text NOT NULL CHECK (outcome IN ('allow', 'require_approval', 'deny')),
     version integer NOT NULL DEFAULT 1,
     velocity integer NOT NULL,
     decided_at timestamptz NOT NULL
   )`,
  // The sums of the reservations of an agent in a currency; whoever reserves locks this row. What was freed is taken off at the next lock.
  `CREATE TABLE account (
     agent_id text NOT NULL,
     currency text NOT NULL,
     own_minor bigint NOT NULL DEFAULT 0,
     people_minor bigint NOT NULL DEFAULT 0,
     PRIMARY KEY (agent_id, currency)
   ) WITH (fillfactor = 50)`,
  // Money of actions that ended before release. Added without a lock, so that an end never waits for a verdict.
  `CREATE TABLE freed (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     agent_id text NOT NULL,
     currency text NOT NULL,
     own_minor bigint NOT NULL,
     people_minor bigint NOT NULL
   ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)`,
  `CREATE INDEX freed_account ON freed (agent_id, currency)`,
  // In flight until spent_at is set; spent until 24 hours after it.
  `CREATE TABLE reservation (
     action_id uuid PRIMARY KEY,
     agent_id text NOT NULL,
     currency text NOT NULL,
     amount_minor bigint NOT NULL CHECK (amount_minor > 0),
     own boolean NOT NULL,
     spent_at timestamptz
   )`,
  `CREATE INDEX reservation_leaving ON reservation (agent_id, currency, spent_at) WHERE spent_at IS NOT NULL`,
  // Buckets of five seconds.
  `CREATE TABLE velocity (
     agent_id text NOT NULL,
     action text NOT NULL,
     bucket bigint NOT NULL,
     count integer NOT NULL,
     PRIMARY KEY (agent_id, action, bucket)
   ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000)`,
  // Open from the verdict that fired the rule until a person closed it.
  `CREATE TABLE review (
     action_id uuid NOT NULL,
     rule text NOT NULL,
     opened_at timestamptz NOT NULL DEFAULT now(),
     closed_at timestamptz,
     PRIMARY KEY (action_id, rule)
   )`,
  `CREATE INDEX review_open ON review (rule) WHERE closed_at IS NULL`,
  // One row: whoever might fire an emergency rule locks it first, so that two never fire side by side.
  `CREATE TABLE review_lock (only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one))`,
  `INSERT INTO review_lock DEFAULT VALUES`,
];
