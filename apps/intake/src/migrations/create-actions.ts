import { proofJtiTable } from '#trust/http';
import type { Migration, MigrationRunner } from '#database';

/**
 * One row per used action id, by range of the id: a UUIDv7 begins with its time, so a month is a partition, and the
 * months that nobody asks for any more can be detached. An id never lies more than a day from the time of its use.
 */
const actions = `
  CREATE TABLE actions (
    id uuid PRIMARY KEY,
    agent_id text NOT NULL,
    agent_version integer NOT NULL,
    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
    state text NOT NULL CHECK (state IN ('accepted', 'rejected')),
    code text CHECK ((code IS NULL) = (state = 'accepted')),
    cancel_asked boolean NOT NULL DEFAULT false,
    received_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp())
  ) PARTITION BY RANGE (id)`;

/** Takes what no month was made for; a month whose rows already lie here is left out by the function below. */
const rest = 'CREATE TABLE actions_rest PARTITION OF actions DEFAULT';

/** The smallest UUID of that moment. */
const firstId = `
  CREATE FUNCTION first_id(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
  $$`;

/** Runs as the owner: the service itself may not change its tables. Makes last month's partition, this one's and the next two. */
const makeMonths = `
  CREATE FUNCTION make_action_months() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = intake, pg_temp AS $$
  DECLARE
    month timestamp;
    low uuid;
    high uuid;
    name text;
  BEGIN
    FOR n IN -1..2 LOOP
      -- Without a time zone until the end: months are added to UTC, whatever zone the session is in.
      month := date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC') + make_interval(months => n);
      low := first_id(month AT TIME ZONE 'UTC');
      high := first_id((month + interval '1 month') AT TIME ZONE 'UTC');
      name := 'actions_' || to_char(month, 'YYYYMM');
      CONTINUE WHEN to_regclass(name) IS NOT NULL;
      CONTINUE WHEN EXISTS (SELECT 1 FROM actions_rest WHERE id >= low AND id < high);
      EXECUTE format('CREATE TABLE %I PARTITION OF actions FOR VALUES FROM (%L) TO (%L)', name, low, high);
    END LOOP;
  END $$`;

/** One row per agent, so that the minute's count is exact over all instances. Updated at every slice: room on each page. */
const quotas = `
  CREATE TABLE quotas (
    agent_id text PRIMARY KEY,
    minute timestamptz NOT NULL,
    used integer NOT NULL,
    asked integer NOT NULL,
    most integer NOT NULL,
    granted integer NOT NULL
  ) WITH (fillfactor = 50)`;

/** What nobody signed: a fixed number of places, so that no sender of garbage fills the disk. */
const unauthentic = `
  CREATE TABLE unauthentic (
    place integer PRIMARY KEY,
    sha256 bytea NOT NULL,
    code text NOT NULL,
    count bigint NOT NULL,
    last_at timestamptz NOT NULL
  )`;
const unauthenticTotals = 'CREATE TABLE unauthentic_totals (code text PRIMARY KEY, count bigint NOT NULL)';

export class CreateActions implements Migration {
  readonly name = 'CreateActions1795478400300';

  async up(runner: MigrationRunner): Promise<void> {
    for (const statement of [actions, rest, firstId, makeMonths, quotas, unauthentic, unauthenticTotals]) {
      await runner.query(statement);
    }
    await runner.query('GRANT EXECUTE ON FUNCTION make_action_months() TO sallyport_intake');
    await runner.query('SELECT make_action_months()');
    await runner.query(proofJtiTable);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP FUNCTION make_action_months(), first_id(timestamptz)');
    await runner.query('DROP TABLE proof_jti, unauthentic_totals, unauthentic, quotas, actions');
  }
}
