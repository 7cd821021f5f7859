import type { Migration, MigrationRunner } from '#database';

const pulls = `
  CREATE TABLE kill_pulls (
    pull_id uuid PRIMARY KEY,
    epoch integer NOT NULL UNIQUE CHECK (epoch > 0),
    version integer NOT NULL CHECK (version > 0),
    scope text NOT NULL CHECK (scope IN ('global', 'agent', 'profile', 'target', 'action')),
    scope_id text,
    "by" text NOT NULL,
    reason text NOT NULL,
    pulled_at timestamptz NOT NULL,
    live integer NOT NULL CHECK (live >= 0),
    asked_by text,
    asked_reason text,
    asked_at timestamptz,
    released_by text,
    released_reason text,
    released_at timestamptz,
    CHECK ((scope = 'global') = (scope_id IS NULL)),
    CHECK (num_nulls(asked_by, asked_reason, asked_at) IN (0, 3)),
    CHECK (num_nulls(released_by, released_reason, released_at) IN (0, 3)),
    CHECK (released_by IS NULL OR (asked_by IS NOT NULL AND asked_by <> released_by))
  );
  CREATE INDEX kill_pulls_in_force ON kill_pulls (epoch) WHERE released_at IS NULL;
  REVOKE DELETE ON kill_pulls FROM sallyport_credentials;`;

/** What was pulled stays pulled until it is released, and a release is for ever. */
const pullsForward = `
  CREATE FUNCTION refuse_unpulling() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF (NEW.pull_id, NEW.epoch, NEW.scope, NEW.scope_id, NEW.pulled_at) IS DISTINCT FROM
        (OLD.pull_id, OLD.epoch, OLD.scope, OLD.scope_id, OLD.pulled_at) OR OLD.released_at IS NOT NULL
      THEN
        RAISE EXCEPTION 'a pull of the kill switch is only ever released' USING ERRCODE = '23514';
      END IF;
      RETURN NEW;
    END $$;
  CREATE TRIGGER kill_pulls_forward BEFORE UPDATE ON kill_pulls FOR EACH ROW EXECUTE FUNCTION refuse_unpulling();`;

/** A lease from before this migration does not know the name of its action, so it is in the scope of every one. */
const covers = `
  CREATE FUNCTION kill_switch_covers(scope text, scope_id text, agent text, profile text, target text, action text)
    RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
      SELECT CASE scope
        WHEN 'global' THEN true
        WHEN 'agent' THEN agent = scope_id
        WHEN 'profile' THEN profile = scope_id
        WHEN 'target' THEN target = scope_id
        WHEN 'action' THEN coalesce(action = scope_id, true)
        ELSE true
      END $$;`;

const leases = `
  ALTER TABLE leases ADD COLUMN action_name text, ADD COLUMN kill_epoch integer NOT NULL DEFAULT 0;`;

/**
 * The check itself: at the intent, at the record of a mint, and at each use, whatever code does it. Released pulls count
 * too: what was there before a pull is lost, also when it was not ended yet.
 *
 * Why nothing gets past it. This transaction locks kill_pulls in a mode that a pull's EXCLUSIVE conflicts with, and keeps
 * it until it is over. So either it has the lock first: then it is over before the pull can write its row, and the pull is
 * later than what happens here. Or the pull has it first: then this transaction waits here until the pull has committed,
 * and sees its row. It does, because under READ COMMITTED each statement of a VOLATILE function takes a snapshot of its
 * own, so that of IF EXISTS is younger than the lock (PostgreSQL: "Function Volatility Categories", "Transaction
 * Isolation"); and a transaction's locks are let go only after what it committed can be seen. In one statement with the
 * lock, or under a stricter isolation, the snapshot could be older. A pull has no lease locked while it waits, so the two never wait for each other.
 */
const check = `
  CREATE FUNCTION refuse_pulled() RETURNS trigger LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT AS $$
    BEGIN
      IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'a lease is released and used under READ COMMITTED alone' USING ERRCODE = '25000';
      END IF;
      LOCK TABLE kill_pulls IN ROW SHARE MODE;
      IF EXISTS (
        SELECT FROM kill_pulls p WHERE p.epoch > OLD.kill_epoch AND (
          kill_switch_covers(p.scope, p.scope_id, OLD.agent_id, OLD.profile, OLD.target, OLD.action_name) OR
          kill_switch_covers(p.scope, p.scope_id, NEW.agent_id, NEW.profile, NEW.target, NEW.action_name)))
      THEN
        RAISE EXCEPTION 'the kill switch is pulled' USING ERRCODE = 'KS001';
      END IF;
      RETURN NEW;
    END $$;
  CREATE TRIGGER leases_kill_switch BEFORE UPDATE ON leases
    FOR EACH ROW WHEN (NEW.state IN ('minting', 'active') AND
      (OLD.state <> NEW.state OR OLD.uses_left > NEW.uses_left))
    EXECUTE FUNCTION refuse_pulled();`;

/**
 * Pulls of the kill switch, each with an epoch above all before it. A lease carries the epoch that was the newest when it
 * was offered: a pull with a newer one that covers the lease is its end.
 */
export class CreateKillSwitch1795564800500 implements Migration {
  readonly name = 'CreateKillSwitch1795564800500';

  async up(runner: MigrationRunner): Promise<void> {
    for (const step of [pulls, pullsForward, covers, leases, check]) await runner.query(step);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query(`DROP TRIGGER leases_kill_switch ON leases; ALTER TABLE leases DROP COLUMN action_name, DROP COLUMN kill_epoch;
      DROP TABLE kill_pulls; DROP FUNCTION refuse_pulled(), refuse_unpulling(), kill_switch_covers(text, text, text, text, text, text)`);
  }
}
