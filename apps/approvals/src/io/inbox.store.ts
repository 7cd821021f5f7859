import { Injectable } from '@nestjs/common';
import type { Recipient } from '#contracts';
import { Database } from '#database';
import type { ApprovalState } from '../core/approval.js';
import type { Decider } from '../core/decider.js';
import { questionedStep } from '../core/progress.js';
import { lineColumns, mostLines, selectOpen, selectWaiting } from './inbox-lines.js';

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

/** How many rows were looked at, beside each line, and alone where there is none. */
type Looked = { near: number } & (Row | { action_id: null });

export interface Question {
  by: string;
  text: string;
  at: Date;
}

/** What lists show. Nothing here decides: each vote reads the registry and the row again. */
@Injectable()
export class InboxStore {
  constructor(private readonly database: Database) {}

  /** What waits for this person now, oldest deadline first: stages that are theirs and that their limits reach, not yet voted on or given away, and seats that they received. */
  async waitingFor(person: Decider, groups: Recipient[], alike: Alike): Promise<Line[]> {
    return this.#lines(selectWaiting, alike, [groups, person.id, JSON.stringify(highestOf(person))]);
  }

  /** What these groups have a part in and nobody has decided yet, oldest deadline first; everything for overseers. */
  async open(groups: string[] | 'all', alike: Alike): Promise<Line[]> {
    return this.#lines(selectOpen, alike, [groups === 'all' ? null : groups]);
  }

  /** Looks as far as it takes to fill the list, or to the end: each look is an answer by itself, of one moment. */
  async #lines(select: { all: string; like: string }, alike: Alike, whose: unknown[]): Promise<Line[]> {
    const like = alike.kind === 'each' ? alike.like : undefined;
    const sql = like === undefined ? select.all : select.like;
    for (let reach = firstReach; ;) {
      const rows = await this.database.query<Looked>(sql, [alike.kind === 'each', like ?? null, reach, ...whose]);
      const lines = rows.filter((row) => row.action_id !== null).map(lineOf);
      if (lines.length === mostLines || (rows[0]?.near ?? 0) < reach) return lines;
      reach = fartherThan(reach, lines.length);
    }
  }

  /** What these groups had a part in, each on its own, newest first; everything for overseers. */
  async closed(state: ApprovalState, groups: string[] | 'all'): Promise<Line[]> {
    const rows = await this.database.query<Row>(
      `SELECT ${lineColumns}, 1 AS alike FROM approval
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

/** As far as the first look goes: most lists have few that are alike, and few that are hidden from whoever reads. */
const firstReach = 2 * mostLines;

/** How far to look next, when so many lines came out of so many rows: as many rows as all lines would take if it went on so, and half as many again. */
const fartherThan = (reach: number, lines: number): number =>
  Math.ceil(reach * Math.max(2, (1.5 * mostLines) / Math.max(1, lines)));

/** Of each currency the highest limit. */
function highestOf({ limits }: Decider): Record<string, number> {
  const inOrder = limits.toSorted((a, b) => a.amount_minor - b.amount_minor);
  return Object.fromEntries(inOrder.map((limit) => [limit.currency, limit.amount_minor]));
}

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
