import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import type { RunningGate } from '../support/running-gate.js';
import { sessionIn } from './session-in.js';
import { percentile, round } from './figures.js';

/** Leases by the hundred thousand, each like one that was really redeemed, put there past the doors and the table's own rules. */
export class Leases {
  private constructor(
    private readonly gate: RunningGate,
    private readonly client: pg.Client,
    private readonly leaseId: string,
  ) {}

  /** @param leaseId of an active token */
  static async like(gate: RunningGate, leaseId: string): Promise<Leases> {
    return new Leases(gate, await sessionIn(gate, 'credentials'), leaseId);
  }

  async close(): Promise<void> {
    await this.client.end();
  }

  async count(): Promise<number> {
    const { rows } = await this.client.query<{ count: number }>('SELECT count(*)::int FROM leases');
    return rows[0]?.count ?? 0;
  }

  /** So many active ones whose time is over at one moment: how late each ends. */
  async expire(
    due: number,
    withinMs = 900_000,
  ): Promise<{ due: number; lag_p50_s: number; lag_p99_s: number; lag_most_s: number }> {
    await this.#add(due);
    const started = performance.now();
    while (performance.now() - started < withinMs && (await this.#active()) > 0) await pause(250);
    const { rows } = await this.client.query<{ lag: number }>(
      `SELECT extract(epoch FROM ended_at - expires_at)::float8 AS lag FROM leases WHERE agent_id LIKE 'seeded-%' AND state = 'ended'`,
    );
    const lags = rows.map(({ lag }) => lag);
    return {
      due: lags.length,
      lag_p50_s: round(percentile(lags, 50)),
      lag_p99_s: round(percentile(lags, 99)),
      lag_most_s: round(percentile(lags, 100)),
    };
  }

  /** Seconds from a new process of the service to its `/readyz`. */
  async untilReadyAgain(): Promise<number> {
    await this.gate.world.stop('credentials');
    const started = performance.now();
    await this.gate.world.startService('credentials');
    return round((performance.now() - started) / 1_000, 2);
  }

  async #add(count: number): Promise<void> {
    await this.client.query(`SET session_replication_role = 'replica'`);
    await this.client.query(
      `INSERT INTO leases SELECT (jsonb_populate_record(l, jsonb_build_object('lease_id', gen_random_uuid(),
         'action_id', gen_random_uuid(), 'agent_id', 'seeded-' || n / 50))).*
       FROM leases l, generate_series(1, $2) AS n WHERE l.lease_id = $1`,
      [this.leaseId, count],
    );
    await this.client.query('VACUUM ANALYZE leases');
    // All at once, and after all of them are there: what is late is late by the service.
    await this.client.query(
      `WITH due AS (UPDATE leases SET expires_at = now() + interval '10 seconds' WHERE agent_id LIKE 'seeded-%' RETURNING lease_id, expires_at)
       INSERT INTO timers (kind, ref, due_at) SELECT 'lease', lease_id, expires_at FROM due`,
    );
    await this.client.query(`SET session_replication_role = 'origin'`);
  }

  async #active(): Promise<number> {
    const { rows } = await this.client.query<{ count: number }>(
      `SELECT count(*)::int FROM leases WHERE agent_id LIKE 'seeded-%' AND state <> 'ended'`,
    );
    return rows[0]?.count ?? 0;
  }
}
