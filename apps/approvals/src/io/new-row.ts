import type { Stage, Versioned } from '#contracts';
import type { ApprovalState, Summary } from '../core/approval.js';

/** What people decide on, rendered for lists, and the evidence that it is rendered from. */
export interface Content {
  groups: string[];
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
  stage: Stage;
}

/** A new row. Without content when the evidence did not hold: then nothing of it is repeated. */
export interface NewApproval {
  actionId: string;
  agentId: string;
  actionDigest: string;
  state: ApprovalState;
  code: string | null;
  stage: Stage | undefined;
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
  const { stage } = approval;
  const [minMinor, minCurrency] = limitOf(stage);
  return {
    action_id: approval.actionId,
    agent_id: approval.agentId,
    action_digest: approval.actionDigest,
    state: approval.state,
    code: approval.code,
    stage: stage?.stage ?? 0,
    stage_group: stage?.group,
    stage_min_minor: minMinor,
    stage_min_currency: minCurrency,
    traceparent: approval.traceparent,
    ...contentRow(approval.content),
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

export function limitOf(stage: Stage | undefined): [number | null, string | null] {
  return [stage?.min_limit?.amount_minor ?? null, stage?.min_limit?.currency ?? null];
}
