import { Injectable } from '@nestjs/common';
import type { ActionState, SignedOutcome } from '#contracts';
import { Database, type Tx } from '#database';
import type { Audience } from '../core/audience.js';
import type { Question } from '../core/heard.js';
import type { Followed } from '../core/told.js';

/** What one event adds to what is known of an action. Absent = this event says nothing about it. */
export interface Learned {
  actionId: string;
  agentId: string;
  /** A signature that verified names this agent; what an event merely says is not believed against it. */
  isAgentProven: boolean;
  state?: ActionState;
  rank?: number;
  code?: string;
  actionDigest?: string;
  audience?: Audience;
  openStage?: number;
  /** Added to those that were before; a replaced plan begins with none. */
  escalated?: string[];
  replaced?: boolean;
  deadlineAt?: string;
  reviewId?: string;
  reviewGroup?: string;
  question?: Question;
}

export interface Saved extends Followed {
  agentId: string;
  headline: string | null;
  severity: string | null;
  deadlineAt: Date | null;
  reviewId: string | null;
  question: string | null;
  askedAt: Date | null;
}

/** A question that is asked while an action waits changes its code and not its state. */
export type Standing = Pick<Saved, 'state' | 'code'>;

export interface NewOutcome {
  eventId: string;
  actionId: string;
  outcome: string;
  code: string;
  signed: SignedOutcome;
  terminal: boolean;
}

export interface StoredOutcome {
  outcome: string;
  code: string;
  value: string;
  event_id: string;
  source: string;
  signature: string;
  recorded_at: Date;
}

const saved = `action_id AS "actionId", agent_id AS "agentId", state, code, stages, notify, emergency, open_stage AS "openStage", escalated,
  replaced, review_group AS "reviewGroup", headline, severity, deadline_at AS "deadlineAt", review_id AS "reviewId",
  question, asked_at AS "askedAt"`;

/** States of actions and the outcomes that were said about them. */
@Injectable()
export class ActionStore {
  constructor(private readonly database: Database) {}

  /** Answers the event ids that are new. One that is left out was heard before, or would be a second terminal outcome. */
  async addOutcomes(tx: Tx, outcomes: readonly NewOutcome[]): Promise<Set<string>> {
    if (outcomes.length === 0) return new Set();
    const rows = await tx.query<{ event_id: string }>(
      `INSERT INTO outcomes (event_id, action_id, outcome, code, value, source, signature, terminal)
       SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::boolean[])
       ON CONFLICT DO NOTHING RETURNING event_id`,
      [
        outcomes.map((one) => one.eventId),
        outcomes.map((one) => one.actionId),
        outcomes.map((one) => one.outcome),
        outcomes.map((one) => one.code),
        outcomes.map((one) => one.signed.value),
        outcomes.map((one) => one.signed.ce.source),
        outcomes.map((one) => one.signed.signature),
        outcomes.map((one) => one.terminal),
      ],
    );
    return new Set(rows.map((row) => row.event_id));
  }

  async knownEvents(tx: Tx, eventIds: readonly string[]): Promise<Set<string>> {
    if (eventIds.length === 0) return new Set();
    const rows = await tx.query<{ event_id: string }>(
      'SELECT event_id FROM outcomes WHERE event_id = ANY($1::text[])',
      [eventIds],
    );
    return new Set(rows.map((row) => row.event_id));
  }

  /** Adds what was learned, one row per action; a state that is behind the known one changes nothing. */
  async learn(tx: Tx, learned: readonly Learned[]): Promise<Saved[]> {
    if (learned.length === 0) return [];
    return tx.query<Saved>(
      `INSERT INTO actions AS a (action_id, agent_id, agent_proven, action_digest, state, rank, code, headline, severity, stages, notify, emergency,
         open_stage, escalated, replaced, deadline_at, review_id, review_group, question, asked_at)
       SELECT action_id, agent_id, agent_proven, action_digest, coalesce(state, 'accepted'), coalesce(rank, 0), code, headline, severity,
         coalesce(stages, '[]'), coalesce(notify, '{}'), emergency, open_stage, coalesce(escalated, '{}'), coalesce(replaced, 0), deadline_at, review_id, review_group, question, asked_at
       FROM jsonb_to_recordset($1::jsonb) AS l(action_id uuid, agent_id text, agent_proven boolean, action_digest text, state text, rank smallint, code text,
         headline text, severity text, stages jsonb, notify text[], emergency jsonb, open_stage integer, escalated text[], replaced integer,
         deadline_at timestamptz, review_id uuid, review_group text, question text, asked_at timestamptz)
       ORDER BY action_id
       ON CONFLICT (action_id) DO UPDATE SET
         agent_id = excluded.agent_id,
         agent_proven = a.agent_proven OR excluded.agent_proven,
         state = CASE WHEN excluded.rank >= a.rank THEN excluded.state ELSE a.state END,
         code = CASE WHEN excluded.rank >= a.rank AND excluded.rank > 0 THEN excluded.code ELSE a.code END,
         rank = greatest(a.rank, excluded.rank),
         action_digest = coalesce(a.action_digest, excluded.action_digest),
         headline = coalesce(excluded.headline, a.headline),
         severity = coalesce(excluded.severity, a.severity),
         stages = CASE WHEN excluded.stages = '[]' THEN a.stages ELSE excluded.stages END,
         notify = CASE WHEN excluded.headline IS NULL THEN a.notify ELSE excluded.notify END,
         emergency = coalesce(a.emergency, excluded.emergency),
         open_stage = coalesce(excluded.open_stage, a.open_stage),
         escalated = CASE WHEN excluded.replaced > 0 THEN '{}' ELSE ARRAY(SELECT DISTINCT unnest(a.escalated || excluded.escalated) ORDER BY 1) END,
         replaced = a.replaced + excluded.replaced,
         deadline_at = coalesce(excluded.deadline_at, a.deadline_at),
         review_id = coalesce(a.review_id, excluded.review_id),
         review_group = coalesce(a.review_group, excluded.review_group),
         question = coalesce(excluded.question, a.question),
         asked_at = coalesce(excluded.asked_at, a.asked_at),
         updated_at = clock_timestamp()
       WHERE a.agent_id = excluded.agent_id OR (excluded.agent_proven AND NOT a.agent_proven)
       RETURNING ${saved}`,
      [JSON.stringify(learned.map(rowOf))],
    );
  }

  /** By each of these groups, what waits for it now and is due first. */
  async dueFirst(tx: Tx, groups: readonly string[]): Promise<Map<string, string>> {
    if (groups.length === 0) return new Map();
    const rows = await tx.query<{ group: string; actionId: string }>(
      `SELECT DISTINCT ON (g) g AS "group", a.action_id AS "actionId" FROM unnest($1::text[]) AS g
       JOIN actions a ON a.state = 'pending' AND a.deadline_at > clock_timestamp()
         AND a.stages @> jsonb_build_array(jsonb_build_object('stage', a.open_stage, 'group', g))
       ORDER BY g, a.deadline_at, a.action_id`,
      [groups],
    );
    return new Map(rows.map(({ actionId, group }) => [group, actionId]));
  }

  async countRefused(tx: Tx, topics: readonly string[]): Promise<void> {
    if (topics.length === 0) return;
    await tx.query(
      `INSERT INTO refused_outcomes AS r (topic, count) SELECT topic, count(*) FROM unnest($1::text[]) AS t(topic) GROUP BY topic
       ON CONFLICT (topic, day) DO UPDATE SET count = r.count + excluded.count`,
      [topics],
    );
  }

  async byIds(tx: Tx, actionIds: readonly string[]): Promise<Saved[]> {
    return tx.query<Saved>(`SELECT ${saved} FROM actions WHERE action_id = ANY($1::uuid[])`, [actionIds]);
  }

  /** Undefined also as long as nothing that was signed says whose action it is. */
  async byId(actionId: string): Promise<(Saved & { actionDigest: string | null }) | undefined> {
    const sql = `SELECT ${saved}, action_digest AS "actionDigest" FROM actions WHERE action_id = $1 AND agent_proven`;
    const [row] = await this.database.query<Saved & { actionDigest: string | null }>(sql, [actionId]);
    return row;
  }

  async outcomesOf(actionId: string): Promise<StoredOutcome[]> {
    const sql =
      'SELECT outcome, code, value, event_id, source, signature, recorded_at FROM outcomes WHERE action_id = $1 ORDER BY recorded_at, event_id';
    return this.database.query<StoredOutcome>(sql, [actionId]);
  }

  /** Where each action stands that somebody waits for. */
  async standingOf(actionIds: readonly string[]): Promise<Map<string, Standing>> {
    const sql = 'SELECT action_id, state, code FROM actions WHERE action_id = ANY($1::uuid[])';
    const rows = await this.database.query<Standing & { action_id: string }>(sql, [actionIds]);
    return new Map(rows.map(({ action_id, code, state }) => [action_id, { state, code }]));
  }
}

function rowOf({
  actionId,
  agentId,
  isAgentProven,
  actionDigest,
  audience,
  openStage,
  escalated,
  deadlineAt,
  reviewId,
  reviewGroup,
  question,
  ...rest
}: Learned): object {
  return {
    action_id: actionId,
    agent_id: agentId,
    agent_proven: isAgentProven,
    action_digest: actionDigest,
    state: rest.state,
    rank: rest.rank,
    code: rest.code,
    headline: audience?.headline,
    severity: audience?.severity,
    stages: audience?.stages,
    notify: audience?.notify,
    emergency: audience?.emergency,
    open_stage: openStage,
    escalated,
    replaced: rest.replaced === true ? 1 : 0,
    deadline_at: deadlineAt,
    review_id: reviewId,
    review_group: reviewGroup,
    question: question?.text,
    asked_at: question?.askedAt,
  };
}
