import type { Recipient, Versioned } from '#contracts';
import type { ApprovalState, Summary } from '../core/approval.js';
import type { WaitsFor } from '../core/waits-for.js';

/** What people decide on, rendered for lists, and the evidence that it is rendered from. */
export interface Content {
  /** Everybody who has a part in the plan. */
  groups: Recipient[];
  excluded: string[];
  headline: string;
  /** Of requests that look alike, for lists only. */
  shape: string;
  /** Who answers for the agent, and the task that it named. */
  owner: string;
  taskId: string | undefined;
  summary: Summary;
  deadlineAt: string;
  evidence: NewEvidence;
}

export interface NewPlan extends Content {
  waits: WaitsFor;
}

/** A new row. Without content when the evidence did not hold: then nothing of it is repeated. */
export interface NewApproval {
  actionId: string;
  agentId: string;
  actionDigest: string;
  state: ApprovalState;
  code: string | null;
  /** Undefined when it ends as it begins. */
  waits: WaitsFor | undefined;
  content: Content | undefined;
  traceparent: string | undefined;
}

export interface NewEvidence {
  value: string;
  signature: string;
  acceptance: string;
  verdict: string;
  facts: string;
  agentVersion: number;
  /** Undefined when the action name was not registered. */
  actionType: Versioned | undefined;
}

/** As the statement that inserts reads it (`json_to_recordset`). */
export function rowOf(approval: NewApproval): Record<string, unknown> {
  return {
    action_id: approval.actionId,
    agent_id: approval.agentId,
    action_digest: approval.actionDigest,
    state: approval.state,
    code: approval.code,
    stage: 0,
    escalated: [],
    traceparent: approval.traceparent,
    ...contentRow(approval.content),
    ...(approval.waits && waitsRow(approval.waits)),
  };
}

/** For `json_to_record`. */
export const waitsColumns = `stage int, open_stages int[], stage_group text, asked text[], stage_min_minor bigint, stage_min_currency text,
  began_at timestamptz, escalated int[], deadline_at timestamptz`;

export function waitsRow(waits: WaitsFor): Record<string, unknown> {
  const { asked, beganAt, deadlineAt, escalated, label, minLimit, openStages, stage } = waits;
  return {
    stage,
    ...(openStages.length > 1 && { open_stages: openStages }),
    stage_group: label,
    asked,
    stage_min_minor: minLimit?.amount_minor,
    stage_min_currency: minLimit?.currency,
    began_at: beganAt,
    escalated,
    deadline_at: deadlineAt,
  };
}

function contentRow(content: Content | undefined): Record<string, unknown> {
  if (content === undefined) return { people_groups: [], excluded: [], headline: '' };
  const { deadlineAt, evidence, excluded, groups, headline, owner, shape, summary, taskId } = content;
  const who = { people_groups: groups, excluded, owner, task_id: taskId };
  return { ...who, headline, shape, summary, deadline_at: deadlineAt, ...evidenceRow(evidence) };
}

function evidenceRow(evidence: NewEvidence): Record<string, unknown> {
  const { agentVersion, actionType, ...texts } = evidence;
  return {
    ...texts,
    agent_version: agentVersion,
    action_type: actionType?.id,
    action_type_version: actionType?.version,
  };
}
