import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import type { RunningGate } from '../support/running-gate.js';
import { sessionIn } from './session-in.js';

export interface Fill {
  open: number;
  closed: number;
  /** Whose they are, in turn. */
  groups: readonly string[];
  /** When all the open ones are due; within a day otherwise. */
  dueInSeconds?: number;
}

/** Rows of approvals by the hundred thousand, each like one that a real request left, put there past the doors. */
export class Requests {
  private constructor(
    private readonly client: pg.Client,
    private readonly actionId: string,
  ) {}

  static async like(gate: RunningGate, actionId: string): Promise<Requests> {
    return new Requests(await sessionIn(gate, 'approvals'), actionId);
  }

  async close(): Promise<void> {
    await this.client.end();
  }

  /** Of agents of fifty requests each, in shapes of five. */
  async fill({ open, closed, groups, dueInSeconds }: Fill): Promise<void> {
    await this.add(open, { groups, dueInSeconds, state: 'open' });
    await this.add(closed, { groups, dueInSeconds: undefined, state: 'granted' });
    if (dueInSeconds !== undefined)
      await this.client.query(
        `INSERT INTO timers (kind, ref, due_at) SELECT 'expire-approval', action_id, deadline_at
         FROM approval WHERE state = 'open' AND agent_id LIKE 'seeded-%'`,
      );
    await this.client.query('VACUUM ANALYZE approval');
  }

  /** Takes the open ones away again. */
  async clear(): Promise<void> {
    await this.client.query(`DELETE FROM approval WHERE state = 'open' AND agent_id LIKE 'seeded-%'`);
  }

  async untilNoneIsDue(withinMs = 600_000): Promise<void> {
    const started = performance.now();
    while (performance.now() - started < withinMs) {
      const { rowCount } = await this.client.query(
        `SELECT FROM approval WHERE state = 'open' AND agent_id LIKE 'seeded-%' LIMIT 1`,
      );
      if (rowCount === 0) return;
      await pause(100);
    }
    throw new Error(`deadlines were still open after ${String(withinMs / 1_000)} s`);
  }

  private async add(
    count: number,
    { dueInSeconds, groups, state }: { groups: readonly string[]; dueInSeconds: number | undefined; state: string },
  ): Promise<void> {
    await this.client.query(
      `INSERT INTO approval SELECT one.* FROM approval a, generate_series(1, $2::int) AS n,
         LATERAL (SELECT ($3::text[])[1 + n % cardinality($3::text[])] AS id) AS g,
         LATERAL jsonb_populate_record(a, jsonb_build_object(
         'action_id', gen_random_uuid(), 'agent_id', 'seeded-' || n / 50, 'shape', 'shape-' || n / 5,
         'stage_group', g.id, 'people_groups', jsonb_build_array(g.id),
         'state', $4::text, 'closed_at', CASE $4 WHEN 'open' THEN NULL ELSE now() END,
         'deadline_at', now() + CASE WHEN $5::int IS NULL THEN (1 + n % 86400) * interval '1 second' ELSE $5 * interval '1 second' END
         )) AS one
       WHERE a.action_id = $1`,
      [this.actionId, count, groups, state, dueInSeconds ?? null],
    );
  }
}
