import { topics } from '#contracts';
import type { Migration, MigrationRunner } from '#database';

/**
 * What holds of a row by itself. The bound on `expires_at` has a second to spare, because the statement of the intent reads
 * the clock once for the offer's end and once for the lease's. What ended was released, or it is a statement that ran and was never delivered.
 */
const rows = `
  ALTER TABLE leases
    ADD COLUMN intended_in xid8,
    ADD CONSTRAINT leases_within_offer CHECK (expires_at <= offer_expires_at + (ttl_seconds + 1) * interval '1 second'),
    ADD CONSTRAINT leases_can_be_ended CHECK (state NOT IN ('ending', 'ended') OR handle IS NOT NULL),
    ADD CONSTRAINT leases_released_once CHECK (CASE
      WHEN state = 'active' THEN released_at IS NOT NULL
      WHEN state = 'ended' THEN released_at IS NOT NULL OR result_digest IS NOT NULL
      WHEN state = 'ending' THEN true
      ELSE released_at IS NULL END),
    ADD CONSTRAINT leases_hold_no_secret CHECK (NOT handle ?|
      ARRAY['password', 'secret', 'token', 'verifier', 'credential', 'private_key', 'd', 'k']);`;

/** A lease begins as an offer or as an end, never as something that is released, and was looked at under a pull that exists. */
const begins = `
  CREATE FUNCTION refuse_unoffered() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
    BEGIN
      IF NEW.state NOT IN ('offered', 'lapsed', 'cancelled', 'refused') OR NEW.version <> 1
        OR num_nonnulls(NEW.handle, NEW.mint_by, NEW.expires_at, NEW.released_at, NEW.intended_in) > 0
        OR NEW.kill_epoch > (SELECT coalesce(max(epoch), 0) FROM kill_pulls)
      THEN
        RAISE EXCEPTION 'a lease begins as an offer' USING ERRCODE = '23514';
      END IF;
      RETURN NEW;
    END $$;
  CREATE TRIGGER leases_begin BEFORE INSERT ON leases FOR EACH ROW
    WHEN (NEW.state NOT IN ('lapsed', 'cancelled', 'refused', 'offered') OR NEW.version <> 1 OR NEW.kill_epoch > 0 OR
      num_nonnulls(NEW.handle, NEW.mint_by, NEW.expires_at, NEW.released_at, NEW.intended_in) > 0)
    EXECUTE FUNCTION refuse_unoffered();`;

/**
 * Whose lease it is and up to when it may be collected never changes; what it gives is fixed by the intent, can only be less
 * than was offered, and is not renewed. The intent must be committed before a release rests on it: whoever writes both in one
 * transaction has touched a target that nothing knows of.
 */
const fixed = `
  CREATE FUNCTION refuse_changed_terms() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      is_intent boolean := OLD.state = 'offered' AND NEW.state = 'minting';
    BEGIN
      IF (NEW.lease_id, NEW.agent_id, NEW.action_digest, NEW.action_name, NEW.kill_epoch, NEW.profile, NEW.groups,
          NEW.offer_expires_at) IS DISTINCT FROM
        (OLD.lease_id, OLD.agent_id, OLD.action_digest, OLD.action_name, OLD.kill_epoch, OLD.profile, OLD.groups,
          OLD.offer_expires_at)
      THEN
        RAISE EXCEPTION 'whose lease it is does not change' USING ERRCODE = '23514';
      END IF;
      IF is_intent THEN
        NEW.intended_in := pg_current_xact_id();
      ELSIF (NEW.profile_version, NEW.issuer, NEW.target, NEW.ttl_seconds, NEW.handle, NEW.mint_by, NEW.expires_at,
          NEW.intended_in) IS DISTINCT FROM
        (OLD.profile_version, OLD.issuer, OLD.target, OLD.ttl_seconds, OLD.handle, OLD.mint_by, OLD.expires_at,
          OLD.intended_in)
        OR (NEW.uses_left <> OLD.uses_left AND (OLD.state, NEW.state) <> ('active', 'active'))
      THEN
        RAISE EXCEPTION 'what a lease gives is fixed by its intent' USING ERRCODE = '23514';
      END IF;
      IF NEW.ttl_seconds > OLD.ttl_seconds OR NEW.uses_left > OLD.uses_left OR NEW.version < OLD.version THEN
        RAISE EXCEPTION 'a lease gives at most what was offered' USING ERRCODE = '23514';
      END IF;
      IF NEW.state = 'active' AND OLD.state = 'minting' AND OLD.intended_in = pg_current_xact_id() THEN
        RAISE EXCEPTION 'the intent must be committed before a release' USING ERRCODE = '23514';
      END IF;
      IF NEW.released_at IS DISTINCT FROM OLD.released_at AND (OLD.state, NEW.state) <> ('minting', 'active') THEN
        RAISE EXCEPTION 'a lease is released once' USING ERRCODE = '23514';
      END IF;
      RETURN NEW;
    END $$;
  CREATE TRIGGER leases_fixed BEFORE UPDATE ON leases FOR EACH ROW EXECUTE FUNCTION refuse_changed_terms();`;

/** Looked at when the transaction commits: a state that people and agents hear of has its event in the same transaction, or there is neither. */
const said = `
  CREATE FUNCTION refuse_unsaid() RETURNS trigger LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT AS $$
    BEGIN
      IF NOT EXISTS (SELECT FROM outbox WHERE key = NEW.action_id::text AND topic = '${topics.leases}'
        AND headers ->> 'ce_sequence' = NEW.version::text)
      THEN
        RAISE EXCEPTION 'nobody was told of a lease that is % now', NEW.state USING ERRCODE = '23514';
      END IF;
      RETURN NULL;
    END $$;
  CREATE CONSTRAINT TRIGGER leases_begun_said AFTER INSERT ON leases DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse_unsaid();
  CREATE CONSTRAINT TRIGGER leases_said AFTER UPDATE ON leases DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.state <> NEW.state AND NEW.state NOT IN ('minting', 'ending'))
    EXECUTE FUNCTION refuse_unsaid();`;

/** The invariants of a lease that no earlier migration keeps; README.md has them all, each with its test. */
export class KeepInvariants1795660000710 implements Migration {
  readonly name = 'KeepInvariants1795660000710';

  async up(runner: MigrationRunner): Promise<void> {
    for (const step of [rows, begins, fixed, said]) await runner.query(step);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query(`
      DROP TRIGGER leases_said ON leases; DROP TRIGGER leases_begun_said ON leases; DROP TRIGGER leases_fixed ON leases;
      DROP TRIGGER leases_begin ON leases; DROP FUNCTION refuse_unsaid(), refuse_changed_terms(), refuse_unoffered();
      ALTER TABLE leases DROP CONSTRAINT leases_hold_no_secret, DROP CONSTRAINT leases_released_once,
        DROP CONSTRAINT leases_can_be_ended, DROP CONSTRAINT leases_within_offer, DROP COLUMN intended_in;`);
  }
}
