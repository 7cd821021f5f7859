import type { Migration, MigrationRunner } from '#database';

/** What approvals holds: one row per action, its evidence, its votes and steps; reviews; stops that are still owed. */
export class CreateApprovals implements Migration {
  readonly name = 'CreateApprovals1795478400301';

  async up(runner: MigrationRunner): Promise<void> {
    for (const statement of tables) await runner.query(statement);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP TABLE step, vote, evidence, frozen_entry, review, suspension, approval');
  }
}

const tables = [
  `CREATE TABLE approval (
     action_id uuid PRIMARY KEY,
     agent_id text NOT NULL,
     action_digest text NOT NULL,
     state text NOT NULL CHECK (state IN ('open', 'granted', 'denied', 'expired', 'cancelled')),
     code text,
     version integer NOT NULL,
     plan_no integer NOT NULL,
     stage integer NOT NULL,
     stage_group text,
     stage_min_minor bigint,
     stage_min_currency text,
     people_groups text[] NOT NULL,
     excluded text[] NOT NULL,
     headline text NOT NULL,
     summary json,
     opened_at timestamptz NOT NULL DEFAULT now(),
     deadline_at timestamptz NOT NULL,
     closed_at timestamptz,
     traceparent text,
     CHECK (state = 'open' OR closed_at IS NOT NULL)
   )`,
  // The inbox: what the groups of a person have to decide now, oldest deadline first.
  `CREATE INDEX approval_inbox ON approval (stage_group, deadline_at) WHERE state = 'open'`,
  `CREATE INDEX approval_open_by_agent ON approval (agent_id) WHERE state = 'open'`,
  `CREATE INDEX approval_by_state ON approval (state, deadline_at)`,
  // Apart from the row that transitions rewrite: these bytes are written once (and once more if policy replaces the plan).
  `CREATE TABLE evidence (
     action_id uuid PRIMARY KEY,
     value text NOT NULL,
     signature text NOT NULL,
     acceptance text NOT NULL,
     verdict text NOT NULL,
     facts text NOT NULL,
     agent_version integer NOT NULL,
     action_type text,
     action_type_version integer
   ) WITH (toast_tuple_target = 8160)`,
  // Registry entries as they stood when something was opened: a view must render the same until it is decided.
  `CREATE TABLE frozen_entry (
     kind text NOT NULL,
     id text NOT NULL,
     version integer NOT NULL,
     entry text NOT NULL,
     PRIMARY KEY (kind, id, version)
   )`,
  `CREATE TABLE vote (
     action_id uuid NOT NULL,
     plan_no integer NOT NULL,
     person text NOT NULL,
     stage integer NOT NULL,
     decision text NOT NULL CHECK (decision IN ('approve', 'deny')),
     reason text NOT NULL,
     caps json,
     vote text NOT NULL,
     counting text NOT NULL,
     counted_at timestamptz NOT NULL,
     PRIMARY KEY (action_id, plan_no, person)
   )`,
  `CREATE TABLE step (
     action_id uuid NOT NULL,
     version integer NOT NULL,
     at timestamptz NOT NULL DEFAULT clock_timestamp(),
     what text NOT NULL,
     by text,
     reason text,
     PRIMARY KEY (action_id, version)
   )`,
  `CREATE TABLE review (
     review_id uuid PRIMARY KEY,
     action_id uuid NOT NULL UNIQUE,
     agent_id text NOT NULL,
     agent_version integer NOT NULL,
     on_behalf_of json,
     rule text NOT NULL,
     review_group text NOT NULL,
     incident text,
     headline text NOT NULL,
     state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
     due_at timestamptz NOT NULL,
     opened_at timestamptz NOT NULL DEFAULT now(),
     verdict text CHECK (verdict IN ('fit', 'unfit', 'follow_up')),
     reason text,
     closed_by text,
     closed_at timestamptz,
     traceparent text
   )`,
  `CREATE INDEX review_by_state ON review (state, due_at)`,
  // A stop asked for, until the registry has suspended the agent: the intent outlives the process.
  `CREATE TABLE suspension (
     action_id uuid PRIMARY KEY,
     agent_id text NOT NULL,
     asked_by text NOT NULL,
     reason text NOT NULL,
     asked_at timestamptz NOT NULL DEFAULT now(),
     attempts integer NOT NULL DEFAULT 0,
     done_at timestamptz
   )`,
];
