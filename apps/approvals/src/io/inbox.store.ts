import { Injectable } from '@nestjs/common';
import type { Recipient } from '#contracts';
import { Database } from '#database';
import type { ApprovalState } from '../core/approval.js';
import type { Decider } from '../core/decider.js';
import { questionedStep } from '../core/progress.js';

export interface Line {
  actionId: string;
  agentId: string;
  headline: string;
  severity: string;
  group: string;
  stage: number;
  state: ApprovalState;
  openedAt: Date;
  deadlineAt: Date;
  /** How many of one shape this line stands for. */
  count: number;
}

/** Which lines a list has: requests of one shape on one line, or each on its own, of all shapes or of one. */
export type Alike = { kind: 'together' } | { kind: 'each'; like: string | undefined };

export interface Step {
  at: Date;
  what: string;
  by: string | undefined;
  reason: string | undefined;
}

interface Row {
  action_id: string;
  agent_id: string;
  headline: string;
  severity: string;
  stage_group: string | null;
  stage: number;
  state: ApprovalState;
  opened_at: Date;
  deadline_at: Date;
  alike: number;
}

export interface Question {
  by: string;
  text: string;
  at: Date;
}

const columns = `action_id, agent_id, headline, summary->>'severity' AS severity, stage_group, stage, state, opened_at, deadline_at`;

/** More than a person can read at once; what is left comes up as the first ones are decided. */
const mostLines = 200;

/** What lists show. Nothing here decides: each vote reads the registry and the row again. */
@Injectable()
export class InboxStore {
  constructor(private readonly database: Database) {}

  /** What waits for this person now, oldest deadline first: stages that are theirs and that their limits reach, not yet voted on or given away, and seats that they received. */
  async waitingFor(person: Decider, groups: Recipient[], alike: Alike): Promise<Line[]> {
    const rows = await this.database.query<Row>(selectWaiting, [
      ...parametersOf(alike),
      groups,
      person.id,
      person.limits.map((limit) => limit.currency),
      person.limits.map((limit) => limit.amount_minor),
    ]);
    return rows.map(lineOf);
  }

  /** What these groups have a part in and nobody has decided yet, oldest deadline first; everything for overseers. */
  async open(groups: string[] | 'all', alike: Alike): Promise<Line[]> {
    const rows = await this.database.query<Row>(selectOpen, [...parametersOf(alike), groups === 'all' ? null : groups]);
    return rows.map(lineOf);
  }

  /** What these groups had a part in, each on its own, newest first; everything for overseers. */
  async closed(state: ApprovalState, groups: string[] | 'all'): Promise<Line[]> {
    const rows = await this.database.query<Row>(
      `SELECT ${columns}, 1 AS alike FROM approval
       WHERE state = $1 AND stage_group IS NOT NULL AND ($2::text[] IS NULL OR people_groups && $2)
       ORDER BY deadline_at DESC, action_id DESC LIMIT ${String(mostLines)}`,
      [state, groups === 'all' ? null : groups],
    );
    return rows.map(lineOf);
  }

  /** What people approved last, before this one, of its agent's same action on the same resource; in the sight of these groups. */
  async grantedBefore(actionId: string, groups: string[] | 'all'): Promise<{ actionId: string; at: Date } | undefined> {
    const [row] = await this.database.query<{ action_id: string; closed_at: Date }>(selectBefore, [
      actionId,
      groups === 'all' ? null : groups,
    ]);
    return row && { actionId: row.action_id, at: row.closed_at };
  }

  /** What people asked last about this action of this agent; in the sight of these groups. */
  async questionOf(actionId: string, agentId: string, groups: string[] | 'all'): Promise<Question | undefined> {
    const [row] = await this.database.query<Question>(
      `SELECT s.by, s.reason AS text, s.at FROM step s JOIN approval a USING (action_id)
       WHERE a.action_id = $1 AND a.agent_id = $2 AND s.what = $3 AND ($4::text[] IS NULL OR a.people_groups && $4)
       ORDER BY s.version DESC LIMIT 1`,
      [actionId, agentId, questionedStep, groups === 'all' ? null : groups],
    );
    return row;
  }

  /** What happened to one approval, in order, its votes apart. */
  async steps(actionId: string): Promise<Step[]> {
    const rows = await this.database.query<{ at: Date; what: string; by: string | null; reason: string | null }>(
      `SELECT at, what, by, reason FROM (
         SELECT counted_at AS at, CASE decision WHEN 'approve' THEN 'approved' ELSE 'denied_by' END AS what, person AS by, reason, 0 AS after
         FROM vote WHERE action_id = $1
         UNION ALL SELECT at, what, by, reason, version FROM step WHERE action_id = $1
       ) AS all_steps ORDER BY at, after`,
      [actionId],
    );
    return rows.map((row) => ({ ...row, by: row.by ?? undefined, reason: row.reason ?? undefined }));
  }
}

/** `$1`: each on its own. `$2`: only those of the shape that this action has. */
const parametersOf = (alike: Alike): [boolean, string | null] =>
  alike.kind === 'together' ? [false, null] : [true, alike.like ?? null];

/**
 * Requests of one shape at one stage become the line of the one that is due first. A shape holds its agent; a row without
 * one is like no other. However many of one shape there are, they take one of the lines.
 */
const linesOf = (where: string): string => `
  SELECT ${columns}, CASE WHEN $1::boolean THEN 1 ELSE alike END AS alike FROM (
    SELECT a.*, (count(*) OVER (PARTITION BY coalesce(shape, action_id::text), stage_group))::int AS alike,
      row_number() OVER (PARTITION BY coalesce(shape, action_id::text), stage_group ORDER BY deadline_at, action_id) AS place
    FROM approval a
    WHERE state = 'open' AND ($2::uuid IS NULL OR shape = (SELECT shape FROM approval WHERE action_id = $2)) AND ${where}
  ) AS waiting WHERE $1 OR place = 1
  ORDER BY deadline_at, action_id LIMIT ${String(mostLines)}`;

const isStanding = 'd.ended_at IS NULL AND d.until > now()';

// As an array, so that both ways to a line are looked up by an index.
const selectWaiting = linesOf(`
    (stage_group = ANY($3::text[]) OR asked && $3::text[] OR a.action_id = ANY (ARRAY(
      SELECT d.action_id FROM delegation d JOIN approval p USING (action_id, plan_no) WHERE d.receiver = $4 AND ${isStanding})))
    AND NOT EXISTS (SELECT FROM delegation d WHERE d.action_id = a.action_id AND d.plan_no = a.plan_no AND d.giver = $4 AND ${isStanding})
    AND deadline_at > now() AND NOT ($4 = ANY(excluded))
    AND (stage_min_currency IS NULL OR EXISTS (
      SELECT FROM unnest($5::text[], $6::bigint[]) AS own (currency, amount_minor)
      WHERE own.currency = a.stage_min_currency AND own.amount_minor >= a.stage_min_minor))
    AND NOT EXISTS (SELECT FROM vote v WHERE v.action_id = a.action_id AND v.plan_no = a.plan_no AND $4 IN (v.person, v.seat_of))`);

const selectOpen = linesOf('stage_group IS NOT NULL AND ($3::text[] IS NULL OR people_groups && $3)');

const selectBefore = `
  SELECT g.action_id, g.closed_at FROM approval a JOIN approval g ON g.agent_id = a.agent_id
    AND g.summary->>'action' = a.summary->>'action' AND g.summary->>'resource' = a.summary->>'resource'
  WHERE a.action_id = $1 AND g.action_id <> a.action_id AND g.state = 'granted'
    AND g.closed_at <= coalesce(a.closed_at, now()) AND ($2::text[] IS NULL OR g.people_groups && $2)
  ORDER BY g.closed_at DESC, g.action_id LIMIT 1`;

function lineOf(row: Row): Line {
  return {
    actionId: row.action_id,
    agentId: row.agent_id,
    headline: row.headline,
    severity: row.severity,
    group: row.stage_group ?? '',
    stage: row.stage,
    state: row.state,
    openedAt: row.opened_at,
    deadlineAt: row.deadline_at,
    count: row.alike,
  };
}
