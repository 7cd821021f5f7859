import type { Migration, MigrationRunner } from '#database';
import { proofJtiTable } from '#trust/http';

const actionTables = `
  CREATE TABLE actions (
    action_id uuid PRIMARY KEY,
    agent_id text NOT NULL,
    -- Whether a signature names this agent. Until one does, nobody is shown the action.
    agent_proven boolean NOT NULL,
    action_digest text,
    state text NOT NULL,
    rank smallint NOT NULL,
    code text,
    headline text,
    severity text,
    stages jsonb NOT NULL DEFAULT '[]',
    notify text[] NOT NULL DEFAULT '{}',
    emergency jsonb,
    open_stage integer,
    replaced integer NOT NULL DEFAULT 0,
    deadline_at timestamptz,
    review_id uuid,
    review_group text,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
  ) WITH (fillfactor = 70);
  CREATE TABLE outcomes (
    event_id text PRIMARY KEY,
    action_id uuid NOT NULL,
    outcome text NOT NULL,
    code text NOT NULL,
    value text NOT NULL,
    source text NOT NULL,
    signature text NOT NULL,
    terminal boolean NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
  );
  CREATE INDEX outcomes_by_action ON outcomes (action_id);
  -- Exactly one terminal outcome per action is told, whatever crashes and whoever forges.
  CREATE UNIQUE INDEX one_terminal_outcome ON outcomes (action_id) WHERE terminal;`;

const messageTables = `
  CREATE TABLE messages (
    id uuid PRIMARY KEY,
    action_id uuid NOT NULL,
    kind text NOT NULL,
    group_id text NOT NULL,
    channel text NOT NULL CHECK (channel IN ('mail', 'webhook')),
    stage integer NOT NULL,
    code text,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'dropped')),
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sent_at timestamptz,
    last_error text,
    UNIQUE (action_id, kind, group_id, channel, stage)
  );
  CREATE INDEX messages_due ON messages (group_id, channel, next_attempt_at) WHERE state = 'waiting';
  CREATE TABLE channel_states (
    group_id text NOT NULL,
    channel text NOT NULL,
    disabled boolean NOT NULL DEFAULT false,
    last_success_at timestamptz,
    last_failure_at timestamptz,
    last_error text,
    PRIMARY KEY (group_id, channel)
  );
  CREATE TABLE refused_outcomes (
    topic text NOT NULL,
    day date NOT NULL DEFAULT current_date,
    count bigint NOT NULL,
    PRIMARY KEY (topic, day)
  );`;

export class CreateNotifier implements Migration {
  readonly name = 'CreateNotifier1700000001001';

  async up(runner: MigrationRunner): Promise<void> {
    await runner.query(actionTables);
    await runner.query(messageTables);
    await runner.query(proofJtiTable);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP TABLE actions, outcomes, messages, channel_states, refused_outcomes, proof_jti');
  }
}
