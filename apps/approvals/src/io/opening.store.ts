import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import { rowOf, waitsColumns, type NewApproval } from './new-row.js';

export interface Opened {
  actionId: string;
  openedAt: Date;
}

/** New rows, hundreds in one statement. */
@Injectable()
export class OpeningStore {
  /** Inserts what is not there yet, with its evidence; answers what it inserted. An action is opened once, ever. */
  async open(tx: Tx, approvals: NewApproval[]): Promise<Opened[]> {
    const rows = await tx.query<{ action_id: string; opened_at: Date }>(insertOpened, [
      JSON.stringify(approvals.map(rowOf)),
    ]);
    return rows.map((row) => ({ actionId: row.action_id, openedAt: row.opened_at }));
  }
}

const insertOpened = `
  WITH given AS MATERIALIZED (
    SELECT * FROM json_to_recordset($1::json) AS g (
      action_id uuid, agent_id text, action_digest text, state text, code text, ${waitsColumns},
      people_groups text[], excluded text[], headline text, shape text, owner text, task_id text, summary json, traceparent text,
      value text, signature text, acceptance text, verdict text, facts text, agent_version int,
      action_type text, action_type_version int)
  ), opened AS (
    INSERT INTO approval (action_id, agent_id, action_digest, state, code, version, plan_no, stage, open_stages, stage_group, asked,
      stage_min_minor, stage_min_currency, began_at, escalated, people_groups, excluded, headline, shape, owner, task_id, summary, deadline_at, closed_at, traceparent)
    SELECT action_id, agent_id, action_digest, state, code, 1, 1, stage, open_stages, stage_group, asked,
      stage_min_minor, stage_min_currency, began_at, escalated, people_groups, excluded, headline, shape, owner, task_id, summary, coalesce(deadline_at, now()),
      CASE WHEN state = 'open' THEN NULL ELSE now() END, traceparent
    FROM given ORDER BY action_id
    ON CONFLICT (action_id) DO NOTHING
    RETURNING action_id, opened_at
  ), kept AS (
    INSERT INTO evidence (action_id, value, signature, acceptance, verdict, facts, agent_version, action_type, action_type_version)
    SELECT action_id, value, signature, acceptance, verdict, facts, agent_version, action_type, action_type_version
    FROM given JOIN opened USING (action_id) WHERE verdict IS NOT NULL
  )
  SELECT action_id, opened_at FROM opened`;
