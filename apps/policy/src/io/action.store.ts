import { Injectable } from '@nestjs/common';
import type { Verdict } from '#contracts';
import type { Tx } from '#database';
import { velocityWindowSeconds } from '../core/gather.js';
import type { Asked, Refused } from '../core/ledger.js';

export interface Begun {
  /** The database's clock. */
  now: Date;
  /** Which of the actions were judged before. */
  judged: ReadonlySet<string>;
  velocity: Asked[];
  refused: Refused[];
}

export interface JudgedRow {
  actionId: string;
  agentId: string;
  action: string;
  outcome: Verdict['outcome'];
  velocity: number;
  /** Kept where people may still say no to it. */
  shape: string | null;
  refusedSecondsAgo: number | null;
}

export interface PassedOn {
  actionId: string;
  agentId: string;
  version: number;
}

const bucketSeconds = 5;
const buckets = velocityWindowSeconds / bucketSeconds;

/** The actions that policy has judged, and how often agents ask. */
@Injectable()
export class ActionStore {
  /** The time, and what is known before a slice is judged. */
  async begin(
    tx: Tx,
    actions: readonly { actionId: string; agentId: string; action: string; shape: string }[],
  ): Promise<Begun> {
    const rows = await tx.query<{ now: Date; judged: string[]; asked: Asked[]; refused: Refused[] }>(
      `WITH clock AS (SELECT clock_timestamp() AS now),
       asked AS (
         SELECT v.agent_id AS "agentId", v.action, sum(v.count)::int AS count
           FROM (SELECT DISTINCT * FROM unnest($2::text[], $3::text[]) AS k (agent_id, action)) k
           JOIN velocity v USING (agent_id, action), clock
          WHERE v.bucket > floor(extract(epoch FROM clock.now) / ${String(bucketSeconds)}) - ${String(buckets)}
          GROUP BY v.agent_id, v.action),
       refused AS (
         SELECT shape, greatest(0, floor(extract(epoch FROM clock.now - refused_at)))::int AS "secondsAgo"
           FROM refusal, clock WHERE shape = ANY($4::text[]))
       SELECT now,
              ARRAY(SELECT action_id::text FROM action WHERE action_id = ANY($1::uuid[])) AS judged,
              coalesce((SELECT json_agg(asked) FROM asked), '[]') AS asked,
              coalesce((SELECT json_agg(refused) FROM refused), '[]') AS refused
         FROM clock`,
      [
        actions.map((a) => a.actionId),
        actions.map((a) => a.agentId),
        actions.map((a) => a.action),
        actions.map((a) => a.shape),
      ],
    );
    const [row] = rows;
    if (row === undefined) throw new TypeError('one row was expected');
    return { now: row.now, judged: new Set(row.judged), velocity: row.asked, refused: row.refused };
  }

  /** Keeps verdicts and counts what was asked for. A second row of an action is a mistake of ours and fails. */
  async save(tx: Tx, rows: readonly JudgedRow[], now: Date): Promise<void> {
    await tx.query(
      `WITH rows AS (
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[], $7::text[], $8::int[])
           AS r (action_id, agent_id, action, outcome, velocity, shape, refused_seconds_ago)),
       kept AS (
         INSERT INTO action (action_id, agent_id, outcome, velocity, decided_at, shape, refused_seconds_ago)
         SELECT action_id, agent_id, outcome, velocity, $6, shape, refused_seconds_ago FROM rows),
       counted AS (
         INSERT INTO velocity (agent_id, action, bucket, count)
         SELECT agent_id, action, floor(extract(epoch FROM $6::timestamptz) / ${String(bucketSeconds)}), count(*)
           FROM rows GROUP BY agent_id, action ORDER BY agent_id, action
         ON CONFLICT (agent_id, action, bucket) DO UPDATE SET count = velocity.count + excluded.count)
       DELETE FROM velocity v USING (SELECT DISTINCT agent_id, action FROM rows) k
        WHERE v.agent_id = k.agent_id AND v.action = k.action
          AND v.bucket <= floor(extract(epoch FROM $6::timestamptz) / ${String(bucketSeconds)}) - ${String(2 * buckets)}`,
      [
        rows.map((r) => r.actionId),
        rows.map((r) => r.agentId),
        rows.map((r) => r.action),
        rows.map((r) => r.outcome),
        rows.map((r) => r.velocity),
        now,
        rows.map((r) => r.shape),
        rows.map((r) => r.refusedSecondsAgo),
      ],
    );
  }

  /** The next version of each action that went on to the next holder; nothing for one that was denied or never judged. */
  async passOn(tx: Tx, ids: readonly string[]): Promise<PassedOn[]> {
    return tx.query<PassedOn>(
      `UPDATE action SET version = version + 1
        WHERE action_id = ANY($1::uuid[]) AND outcome <> 'deny'
       RETURNING action_id::text AS "actionId", agent_id AS "agentId", version`,
      [ids],
    );
  }

  /** Ends those that policy still holds, that is, has not judged; answers which these were. */
  async endHeld(tx: Tx, ends: readonly { actionId: string; agentId: string }[]): Promise<ReadonlySet<string>> {
    const rows = await tx.query<{ actionId: string }>(
      `INSERT INTO action (action_id, agent_id, outcome, velocity, decided_at)
       SELECT action_id, agent_id, 'deny', 0, clock_timestamp()
         FROM unnest($1::uuid[], $2::text[]) AS r (action_id, agent_id)
       ON CONFLICT (action_id) DO NOTHING
       RETURNING action_id::text AS "actionId"`,
      [ends.map((end) => end.actionId), ends.map((end) => end.agentId)],
    );
    return new Set(rows.map(({ actionId }) => actionId));
  }
}
