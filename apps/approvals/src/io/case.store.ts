import { Injectable } from '@nestjs/common';
import type { Facts, Known, RequestEvidence } from '#contracts';
import { Database, type Tx } from '#database';
import type { ApprovalState } from '../core/approval.js';

/** One approval with the evidence that people decide on, as it was frozen. Nothing in it is verified yet. */
export interface CaseRow {
  actionId: string;
  agentId: string;
  actionDigest: string;
  state: ApprovalState;
  planNo: number;
  stage: number;
  openStages: number[];
  beganAt: Date;
  openedAt: Date;
  deadlineAt: Date;
  now: Date;
  request: RequestEvidence;
  verdict: string;
  facts: Facts;
  agent: Known<'agents'>;
  actionType: Known<'action-types'> | undefined;
  /** The person for whom it is read has voted on this plan, or somebody has on their seat. */
  voted: boolean;
}

interface Row {
  action_id: string;
  agent_id: string;
  action_digest: string;
  state: ApprovalState;
  plan_no: number;
  stage: number;
  open_stages: number[];
  began_at: Date;
  opened_at: Date;
  deadline_at: Date;
  now: Date;
  value: string;
  signature: string;
  acceptance: string;
  verdict: string;
  facts: string;
  agent: string;
  action_type: string | null;
  voted: boolean;
}

@Injectable()
export class CaseStore {
  constructor(private readonly database: Database) {}

  /** Undefined for an id that is not known, and for an action that was ended because its evidence did not hold. */
  async read(actionId: string, personId: string): Promise<CaseRow | undefined> {
    const [row] = await this.database.query<Row>(selectCase, [actionId, personId]);
    return row === undefined ? undefined : caseOf(row);
  }

  /** The verdict whose plan is in force, by action id; under the locks that the transaction holds. */
  async verdictsOf(tx: Tx, actionIds: string[]): Promise<Map<string, string>> {
    const rows = await tx.query<{ action_id: string; verdict: string }>(
      'SELECT action_id, verdict FROM evidence WHERE action_id = ANY($1::uuid[])',
      [actionIds],
    );
    return new Map(rows.map(({ action_id, verdict }) => [action_id, verdict]));
  }
}

const selectCase = `
  SELECT a.action_id, a.agent_id, a.action_digest, a.state, a.plan_no, a.stage, coalesce(a.open_stages, ARRAY[a.stage]) AS open_stages,
    coalesce(a.began_at, a.opened_at) AS began_at, a.opened_at, a.deadline_at,
    clock_timestamp() AS now, e.value, e.signature, e.acceptance, e.verdict, e.facts, g.entry AS agent, t.entry AS action_type,
    EXISTS (SELECT FROM vote v WHERE v.action_id = a.action_id AND v.plan_no = a.plan_no AND $2 IN (v.person, v.seat_of)) AS voted
  FROM approval a
  JOIN evidence e USING (action_id)
  JOIN frozen_entry g ON g.kind = 'agents' AND g.id = a.agent_id AND g.version = e.agent_version
  LEFT JOIN frozen_entry t ON t.kind = 'action-types' AND t.id = e.action_type AND t.version = e.action_type_version
  WHERE a.action_id = $1`;

function caseOf(row: Row): CaseRow {
  return {
    actionId: row.action_id,
    agentId: row.agent_id,
    actionDigest: row.action_digest,
    state: row.state,
    planNo: row.plan_no,
    stage: row.stage,
    openStages: row.open_stages,
    beganAt: row.began_at,
    openedAt: row.opened_at,
    deadlineAt: row.deadline_at,
    now: row.now,
    request: { value: row.value, signature: row.signature, acceptance: row.acceptance },
    verdict: row.verdict,
    facts: JSON.parse(row.facts) as Facts,
    agent: JSON.parse(row.agent) as Known<'agents'>,
    actionType: row.action_type === null ? undefined : (JSON.parse(row.action_type) as Known<'action-types'>),
    voted: row.voted,
  };
}
