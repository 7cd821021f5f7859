import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import type { ApprovalState, Ending, Held, Summary } from '../core/approval.js';
import type { WaitsFor } from '../core/waits-for.js';
import { waitsColumns, waitsRow, type NewPlan } from './new-row.js';
import type { StoredVote } from './vote.store.js';

/** One step of one approval, saved only while the row still has the version that was locked. */
export interface Ended {
  actionId: string;
  from: number;
  to: number;
  ending: Ending;
  by: string | undefined;
  reason: string | undefined;
}

export interface CountedMove {
  vote: StoredVote;
  /** The person's own words. */
  reason: string;
  granted: boolean;
}

export interface Note {
  actionId: string;
  from: number;
  what: string;
  by: string;
  reason?: string;
}

interface HeldRow {
  action_id: string;
  agent_id: string;
  action_digest: string;
  state: ApprovalState;
  version: number;
  plan_no: number;
  stage: number;
  open_stages: number[];
  began_at: Date;
  escalated: number[];
  deadline_at: Date;
  summary: Summary | null;
  traceparent: string | null;
  now: Date;
}

const heldColumns = `action_id, agent_id, action_digest, state, version, plan_no, stage, coalesce(open_stages, ARRAY[stage]) AS open_stages,
  coalesce(began_at, opened_at) AS began_at, escalated, deadline_at, summary, traceparent`;

/** The rows of approvals, and their transitions: each is a compare-and-set on the version that was read under the lock. */
@Injectable()
export class ApprovalStore {
  /** Locks these approvals, always in the same order, and reads the clock after each lock was granted. */
  async lock(tx: Tx, actionIds: string[]): Promise<Held[]> {
    return this.#held(tx, 'action_id = ANY($1::uuid[])', actionIds);
  }

  /** Locks what these agents have open. */
  async lockOpenOf(tx: Tx, agentIds: string[]): Promise<Held[]> {
    return this.#held(tx, `agent_id = ANY($1::text[]) AND state = 'open'`, agentIds);
  }

  async #held(tx: Tx, where: string, ids: string[]): Promise<Held[]> {
    const rows = await tx.query<HeldRow>(
      // The lock is taken inside, the clock is read outside: a materialised FOR UPDATE hands on one locked row at a time.
      `WITH held AS MATERIALIZED (
         SELECT ${heldColumns} FROM approval WHERE ${where} ORDER BY action_id FOR UPDATE
       )
       SELECT held.*, clock_timestamp() AS now FROM held`,
      [ids],
    );
    return rows.map(heldOf);
  }

  async end(tx: Tx, ended: Ended[]): Promise<void> {
    const given = ended.map(({ actionId, from, to, ending, by, reason }) => ({
      action_id: actionId,
      from_version: from,
      to_version: to,
      state: ending.state,
      code: ending.code,
      by,
      reason,
    }));
    const rows = await tx.query<{ moved: number }>(updateEnded, [JSON.stringify(given)]);
    expectMoved(rows, ended.length);
  }

  /**
   * A vote is counted, and the whole may be granted; two events are said then, so two numbers are used.
   * One person votes once on a plan: the primary key says so too.
   */
  async count(tx: Tx, held: Held, { granted, reason, vote }: CountedMove): Promise<void> {
    const move = [held.actionId, held.version, granted];
    const rows = await tx.query<{ moved: number }>(updateCounted, [...move, ...parametersOf(vote, reason, held.now)]);
    expectMoved(rows, 1);
  }

  /** The request waits for others from now on. Goes with a transition in the same transaction, which has moved the version. */
  async wait(tx: Tx, actionId: string, waits: WaitsFor): Promise<void> {
    expectMoved(await tx.query<{ moved: number }>(updateWaits, [actionId, JSON.stringify(waitsRow(waits))]), 1);
  }

  /** Nobody has decided for long enough, and these groups may as well. */
  async escalate(tx: Tx, held: Held, to: readonly string[]): Promise<void> {
    const what = `escalated to ${to.join(' and ')}`;
    expectMoved(await tx.query<{ moved: number }>(updateEscalated, [held.actionId, held.version, what]), 1);
  }

  /** Another plan takes the place of this one: its votes belong to the old plan number and count no more. */
  async replace(tx: Tx, held: Held, plan: NewPlan): Promise<void> {
    const { evidence } = plan;
    const rows = await tx.query<{ moved: number }>(updateReplaced, [
      held.actionId,
      held.version,
      plan.groups,
      plan.excluded,
      plan.headline,
      JSON.stringify(plan.summary),
      evidence.verdict,
      evidence.facts,
      evidence.agentVersion,
      evidence.actionType?.id ?? null,
      evidence.actionType?.version ?? null,
    ]);
    expectMoved(rows, 1);
    await this.wait(tx, held.actionId, plan.waits);
  }

  /** Something was said about it that moves it nowhere: it takes the next number of the row, so that readers keep the order. */
  async note(tx: Tx, state: 'open' | 'granted', notes: Note[]): Promise<void> {
    const given = notes.map(({ actionId, from, ...note }) => ({ action_id: actionId, from_version: from, ...note }));
    const rows = await tx.query<{ moved: number }>(
      `WITH given AS (
         SELECT * FROM json_to_recordset($1::json) AS g (action_id uuid, from_version int, what text, by text, reason text)
       ), moved AS (
         UPDATE approval a SET version = version + 1 FROM given g
         WHERE a.action_id = g.action_id AND a.version = g.from_version AND a.state = $2
         RETURNING a.action_id, a.version, g.what, g.by, g.reason
       ), told AS (
         INSERT INTO step (action_id, version, what, by, reason) SELECT action_id, version, what, by, reason FROM moved
       ) SELECT count(*)::int AS moved FROM moved`,
      [JSON.stringify(given), state],
    );
    expectMoved(rows, notes.length);
  }
}

function parametersOf({ caps, counted, ...vote }: StoredVote, reason: string, at: Date): unknown[] {
  const { counting, delegated, person_key, step_up, vote: signed } = counted;
  const said = [vote.person, vote.stage, vote.decision, reason, caps === undefined ? null : JSON.stringify(caps)];
  const seat = [vote.seatOf, delegated?.delegation, delegated?.person_key];
  return [...said, signed, counting, at, ...[person_key, step_up, ...seat].map((each) => each ?? null)];
}

function heldOf(row: HeldRow): Held {
  return {
    actionId: row.action_id,
    agentId: row.agent_id,
    actionDigest: row.action_digest,
    state: row.state,
    version: row.version,
    planNo: row.plan_no,
    stage: row.stage,
    openStages: row.open_stages,
    beganAt: row.began_at,
    escalated: row.escalated,
    deadlineAt: row.deadline_at,
    summary: row.summary ?? undefined,
    traceparent: row.traceparent ?? undefined,
    now: row.now,
  };
}

/** The rows are locked: another version can only mean that this code is wrong, and then nothing may be committed. */
function expectMoved(rows: { moved: number }[], wanted: number): void {
  if (rows[0]?.moved !== wanted) throw new Error('an approval moved under its lock');
}

const updateCounted = `
  WITH moved AS (
    UPDATE approval SET
      version = version + CASE WHEN $3::boolean THEN 2 ELSE 1 END,
      state = CASE WHEN $3 THEN 'granted' ELSE state END,
      code = CASE WHEN $3 THEN 'approved' ELSE code END,
      closed_at = CASE WHEN $3 THEN clock_timestamp() ELSE closed_at END
    WHERE action_id = $1 AND version = $2 AND state = 'open'
    RETURNING action_id, version, plan_no
  ), voted AS (
    INSERT INTO vote (action_id, plan_no, person, stage, decision, reason, caps, vote, counting, counted_at, person_key, step_up,
      seat_of, delegation, delegation_key)
    SELECT action_id, plan_no, $4, $5::int, $6, $7, $8::json, $9, $10, $11::timestamptz, $12, $13, $14, $15, $16 FROM moved
  ), told AS (
    INSERT INTO step (action_id, version, what) SELECT action_id, version, 'granted' FROM moved WHERE $3
  )
  SELECT count(*)::int AS moved FROM moved`;

const updateEnded = `
  WITH given AS (
    SELECT * FROM json_to_recordset($1::json) AS g (
      action_id uuid, from_version int, to_version int, state text, code text, by text, reason text)
  ), moved AS (
    UPDATE approval a SET state = g.state, code = g.code, version = g.to_version, closed_at = clock_timestamp()
    FROM given g
    WHERE a.action_id = g.action_id AND a.version = g.from_version AND a.state = 'open'
    RETURNING a.action_id, g.to_version, g.state, g.by, g.reason
  ), told AS (
    INSERT INTO step (action_id, version, what, by, reason) SELECT action_id, to_version, state, by, reason FROM moved
  )
  SELECT count(*)::int AS moved FROM moved`;

const updateWaits = `
  WITH moved AS (
    UPDATE approval a SET stage = w.stage, open_stages = w.open_stages, stage_group = w.stage_group, asked = w.asked,
      stage_min_minor = w.stage_min_minor, stage_min_currency = w.stage_min_currency, began_at = w.began_at,
      escalated = w.escalated, deadline_at = w.deadline_at
    FROM json_to_record($2::json) AS w (${waitsColumns})
    WHERE a.action_id = $1 AND a.state = 'open'
    RETURNING 1
  )
  SELECT count(*)::int AS moved FROM moved`;

const updateEscalated = `
  WITH moved AS (
    UPDATE approval SET version = version + 1 WHERE action_id = $1 AND version = $2 AND state = 'open'
    RETURNING action_id, version
  ), told AS (
    INSERT INTO step (action_id, version, what) SELECT action_id, version, $3 FROM moved
  )
  SELECT count(*)::int AS moved FROM moved`;

const updateReplaced = `
  WITH moved AS (
    UPDATE approval SET version = version + 1, plan_no = plan_no + 1, people_groups = $3, excluded = $4, headline = $5, summary = $6
    WHERE action_id = $1 AND version = $2 AND state = 'open'
    RETURNING action_id, version
  ), kept AS (
    UPDATE evidence e SET verdict = $7, facts = $8, agent_version = $9, action_type = $10,
      action_type_version = $11
    FROM moved WHERE e.action_id = moved.action_id
  ), told AS (
    INSERT INTO step (action_id, version, what) SELECT action_id, version, 'replaced' FROM moved
  )
  SELECT count(*)::int AS moved FROM moved`;
