import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import type { Account, AccountKey, Reservation } from '../core/ledger.js';

interface AccountRow {
  agent_id: string;
  currency: string;
  own_minor: string;
  people_minor: string;
}

/**
 * Money in flight and spent. The sums of an account change only under its row's lock, so they are exact with any number of
 * processes: two refunds that fit one by one and not together never both count as fitting.
 */
@Injectable()
export class AccountStore {
  /** Locks the accounts in one order, so that no two slices wait for each other; then takes off what was freed or has left the window. */
  async lock(tx: Tx, keys: readonly AccountKey[]): Promise<Account[]> {
    if (keys.length === 0) return [];
    const params = [keys.map((key) => key.agentId), keys.map((key) => key.currency)];
    await tx.query(
      `INSERT INTO account (agent_id, currency)
       SELECT DISTINCT agent_id, currency FROM unnest($1::text[], $2::text[]) AS k (agent_id, currency) ORDER BY 1, 2
       ON CONFLICT (agent_id, currency) DO UPDATE SET agent_id = excluded.agent_id`,
      params,
    );
    // A second statement, because only a new snapshot sees what others committed while this one waited.
    const rows = await tx.query<AccountRow>(
      `WITH keys AS (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS k (agent_id, currency)),
       left_window AS (
         DELETE FROM reservation r USING keys k
          WHERE r.agent_id = k.agent_id AND r.currency = k.currency AND r.spent_at <= clock_timestamp() - interval '24 hours'
         RETURNING r.agent_id, r.currency, CASE WHEN own THEN amount_minor ELSE 0 END AS own_minor, CASE WHEN own THEN 0 ELSE amount_minor END AS people_minor),
       taken AS (
         DELETE FROM freed f USING keys k WHERE f.agent_id = k.agent_id AND f.currency = k.currency
         RETURNING f.agent_id, f.currency, f.own_minor, f.people_minor),
       off AS (
         SELECT agent_id, currency, sum(own_minor) AS own_minor, sum(people_minor) AS people_minor
           FROM (SELECT * FROM left_window UNION ALL SELECT * FROM taken) t GROUP BY agent_id, currency),
       changed AS (
         UPDATE account a SET own_minor = a.own_minor - off.own_minor, people_minor = a.people_minor - off.people_minor
           FROM off WHERE a.agent_id = off.agent_id AND a.currency = off.currency
         RETURNING a.*)
       SELECT * FROM changed
       UNION ALL
       SELECT a.* FROM account a JOIN keys k USING (agent_id, currency)
        WHERE NOT EXISTS (SELECT 1 FROM off WHERE off.agent_id = a.agent_id AND off.currency = a.currency)`,
      params,
    );
    return rows.map(accountOf);
  }

  /** Keeps reservations and adds them to their accounts, which this transaction has locked. */
  async reserve(tx: Tx, reservations: readonly Reservation[]): Promise<void> {
    if (reservations.length === 0) return;
    await tx.query(
      `WITH rows AS (
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::boolean[]) AS r (action_id, agent_id, currency, amount_minor, own)),
       kept AS (
         INSERT INTO reservation (action_id, agent_id, currency, amount_minor, own) SELECT * FROM rows)
       UPDATE account a SET own_minor = a.own_minor + s.own_minor, people_minor = a.people_minor + s.people_minor
         FROM (SELECT agent_id, currency,
                      coalesce(sum(amount_minor) FILTER (WHERE own), 0) AS own_minor,
                      coalesce(sum(amount_minor) FILTER (WHERE NOT own), 0) AS people_minor
                 FROM rows GROUP BY agent_id, currency) s
        WHERE a.agent_id = s.agent_id AND a.currency = s.currency`,
      [
        reservations.map((r) => r.actionId),
        reservations.map((r) => r.agentId),
        reservations.map((r) => r.currency),
        reservations.map((r) => r.amountMinor),
        reservations.map((r) => r.own),
      ],
    );
  }

  /** Which of these actions have money reserved that is neither spent nor free. */
  async inFlight(tx: Tx, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await tx.query<{ actionId: string }>(
      `SELECT action_id::text AS "actionId" FROM reservation WHERE action_id = ANY($1::uuid[]) AND spent_at IS NULL`,
      [ids],
    );
    return new Set(rows.map(({ actionId }) => actionId));
  }

  /** The credential is out: the money counts as spent, for 24 hours from now. */
  async spend(tx: Tx, ids: readonly string[]): Promise<void> {
    await tx.query(
      `UPDATE reservation SET spent_at = clock_timestamp() WHERE action_id = ANY($1::uuid[]) AND spent_at IS NULL`,
      [ids],
    );
  }

  /** Ended before release: the money is free again. What was spent stays spent. */
  async free(tx: Tx, ids: readonly string[]): Promise<void> {
    await tx.query(
      `WITH gone AS (
         DELETE FROM reservation WHERE action_id = ANY($1::uuid[]) AND spent_at IS NULL
         RETURNING agent_id, currency, amount_minor, own)
       INSERT INTO freed (agent_id, currency, own_minor, people_minor)
       SELECT agent_id, currency,
              coalesce(sum(amount_minor) FILTER (WHERE own), 0), coalesce(sum(amount_minor) FILTER (WHERE NOT own), 0)
         FROM gone GROUP BY agent_id, currency`,
      [ids],
    );
  }
}

const accountOf = (row: AccountRow): Account => ({
  agentId: row.agent_id,
  currency: row.currency,
  ownMinor: Number(row.own_minor),
  peopleMinor: Number(row.people_minor),
});
