import type { Migration, MigrationRunner } from '#database';
import { proofJtiTable } from '#trust/http';

const leases = `
  CREATE TABLE leases (
    lease_id uuid PRIMARY KEY,
    action_id uuid NOT NULL UNIQUE,
    agent_id text NOT NULL,
    action_digest text NOT NULL,
    state text NOT NULL CHECK (state IN
      ('offered', 'minting', 'active', 'ending', 'ended', 'lapsed', 'cancelled', 'refused')),
    version integer NOT NULL CHECK (version > 0),
    code text,
    "by" text,
    reason text,
    profile text,
    profile_version integer,
    issuer text CHECK (issuer IN ('token', 'postgres-role')),
    target text,
    ttl_seconds integer CHECK (ttl_seconds > 0),
    uses_left integer CHECK (uses_left >= 0),
    groups text[],
    offer_expires_at timestamptz,
    mint_by timestamptz,
    expires_at timestamptz,
    released_at timestamptz,
    ended_at timestamptz,
    handle jsonb,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    stuck boolean NOT NULL DEFAULT false,
    traceparent text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (state IN ('lapsed', 'cancelled', 'refused') OR num_nulls(profile, profile_version, issuer, target,
      ttl_seconds, uses_left, groups, offer_expires_at) = 0),
    CHECK (state NOT IN ('minting', 'active') OR num_nulls(handle, mint_by, expires_at) = 0),
    CHECK (state <> 'active' OR released_at IS NOT NULL),
    CHECK ((state = 'ending') = (next_attempt_at IS NOT NULL))
  ) WITH (fillfactor = 80);
  CREATE INDEX leases_ending ON leases (target, next_attempt_at) WHERE state = 'ending';
  CREATE INDEX leases_of_agent ON leases (agent_id) WHERE state IN ('offered', 'minting', 'active');`;

/** The lease machine once more, where no bug of ours can get past it. */
const onlyForward = `
  CREATE FUNCTION refuse_backward() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.action_id <> OLD.action_id OR (OLD.state, NEW.state) NOT IN (
        ('offered', 'minting'), ('offered', 'lapsed'), ('offered', 'cancelled'), ('offered', 'refused'),
        ('minting', 'active'), ('minting', 'ending'), ('active', 'ending'), ('ending', 'ended'), ('ending', 'refused'))
      THEN
        RAISE EXCEPTION 'a lease only moves forward: % to %', OLD.state, NEW.state USING ERRCODE = '23514';
      END IF;
      RETURN NEW;
    END $$;
  CREATE TRIGGER leases_forward BEFORE UPDATE OF state, action_id ON leases
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state OR OLD.action_id <> NEW.action_id)
    EXECUTE FUNCTION refuse_backward();`;

const evidence = `
  CREATE TABLE lease_evidence (
    lease_id uuid PRIMARY KEY,
    evidence text NOT NULL
  ) WITH (toast_tuple_target = 8160);
  REVOKE DELETE ON leases FROM sallyport_credentials;
  REVOKE UPDATE, DELETE ON lease_evidence FROM sallyport_credentials;`;

/**
 * One row per action that was ever passed on to this service. `action_id` is unique for ever: there is no second lease.
 * An action that ended before it had terms (forged evidence, a verdict too old) has a row too, without them, so that
 * the same action cannot be offered later. No column holds a secret, and none ever will.
 */
export class CreateLeases1795478400400 implements Migration {
  readonly name = 'CreateLeases1795478400400';

  async up(runner: MigrationRunner): Promise<void> {
    for (const step of [leases, onlyForward, evidence, proofJtiTable]) await runner.query(step);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query('DROP TABLE proof_jti, lease_evidence, leases; DROP FUNCTION refuse_backward()');
  }
}
