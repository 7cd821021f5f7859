import type { Migration, MigrationRunner } from '#database';
import { keepSeconds } from '../core/delivery.js';

const deliveries = `
  CREATE TABLE lease_deliveries (
    lease_id uuid PRIMARY KEY REFERENCES leases,
    jkt text NOT NULL,
    enc_kid text NOT NULL,
    end_on_replay boolean NOT NULL,
    sealed bytea,
    keep_until timestamptz,
    replays integer NOT NULL DEFAULT 0 CHECK (replays >= 0),
    alarmed text[] NOT NULL DEFAULT '{}',
    CHECK (sealed IS NULL OR keep_until IS NOT NULL)
  );
  REVOKE DELETE ON lease_deliveries FROM sallyport_credentials;`;

/** Who took a lease is noted with the intent and never changes; an answer is kept once, by the transaction that records the mint, for a minute at most. */
const kept = `
  CREATE FUNCTION refuse_other_delivery() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
    DECLARE
      held text := (SELECT state FROM leases WHERE lease_id = NEW.lease_id);
    BEGIN
      IF TG_OP = 'INSERT' THEN
        IF held IS DISTINCT FROM 'minting' OR num_nonnulls(NEW.sealed, NEW.keep_until) > 0 THEN
          RAISE EXCEPTION 'a delivery is noted with its intent' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
      END IF;
      IF (NEW.lease_id, NEW.jkt, NEW.enc_kid, NEW.end_on_replay) IS DISTINCT FROM
        (OLD.lease_id, OLD.jkt, OLD.enc_kid, OLD.end_on_replay)
      THEN
        RAISE EXCEPTION 'who took a lease does not change' USING ERRCODE = '23514';
      END IF;
      IF (NEW.sealed IS NOT NULL AND NEW.sealed IS DISTINCT FROM OLD.sealed OR NEW.keep_until IS DISTINCT FROM OLD.keep_until)
        AND (OLD.keep_until IS NOT NULL OR held <> 'active' OR
          NEW.keep_until > clock_timestamp() + interval '${String(keepSeconds + 1)} seconds')
      THEN
        RAISE EXCEPTION 'an answer is kept once, while its lease is active' USING ERRCODE = '23514';
      END IF;
      RETURN NEW;
    END $$;
  CREATE TRIGGER lease_deliveries_kept BEFORE INSERT OR UPDATE ON lease_deliveries
    FOR EACH ROW EXECUTE FUNCTION refuse_other_delivery();`;

/**
 * A credential that is being taken back is not handed out again: the kept answer goes with the step that ends the lease. But a
 * result of the gate's own work is nothing that could be taken back, and running out is nobody's word against it.
 */
const forgotten = `
  CREATE FUNCTION forget_delivery() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
    BEGIN
      UPDATE lease_deliveries SET sealed = NULL WHERE lease_id = NEW.lease_id AND sealed IS NOT NULL;
      RETURN NULL;
    END $$;
  CREATE TRIGGER leases_forget_delivery AFTER UPDATE ON leases FOR EACH ROW
    WHEN (OLD.state = 'active' AND NEW.state <> 'active' AND (NEW.code IS DISTINCT FROM 'ttl' OR NEW.result_digest IS NULL))
    EXECUTE FUNCTION forget_delivery();`;

/**
 * Who took a lease, and the answer as long as its agent may have lost it: a JWE that only the agent can open, sealed once more
 * with this service's own key, so that nothing of it can be read here.
 */
export class AddDeliveries1795670000900 implements Migration {
  readonly name = 'AddDeliveries1795670000900';

  async up(runner: MigrationRunner): Promise<void> {
    for (const step of [deliveries, kept, forgotten]) await runner.query(step);
  }

  async down(runner: MigrationRunner): Promise<void> {
    await runner.query(`DROP TRIGGER leases_forget_delivery ON leases; DROP TABLE lease_deliveries;
      DROP FUNCTION forget_delivery(), refuse_other_delivery()`);
  }
}
