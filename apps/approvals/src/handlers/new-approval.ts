import {
  agentUrn, type DataOf, type Known, type policyApprovalRequired, type RequestValue, type Verdict, type VerdictEvidence,
} from '#contracts'; // prettier-ignore
import type { Incoming } from '#messaging';
import { partiesOf, shapeDigest } from '#trust';
import type { Believed } from '../core/belief.js';
import type { Opening } from '../core/opening.js';
import { summaryOf } from '../core/summary.js';
import type { Content, NewApproval } from '../io/new-row.js';

/** One event of policy with what was made of it. */
export interface Case {
  event: Pick<Incoming<DataOf<typeof policyApprovalRequired>>, 'data' | 'traceparent'>;
  believed: Believed;
  /** What people will see; undefined when there is nothing sound to see. */
  shown: Shown | undefined;
  opening: Opening;
}

/** A rendered view, and the registry entries that it was rendered from. */
export interface Shown {
  headline: string;
  /** At the version that the verdict names. */
  agent: Known<'agents'>;
  actionType: Known<'action-types'> | undefined;
}

/** The row of a case; undefined when it is about no action of this gate. */
export function newApproval(one: Case): NewApproval | undefined {
  const { believed, event, opening } = one;
  if (believed.kind === 'forged' || opening.kind === 'forged') return undefined;
  return {
    actionId: event.data.action_id,
    agentId: event.data.agent_id,
    actionDigest: believed.kind === 'sound' ? believed.verdict.action_digest : believed.actionDigest,
    state: opening.kind === 'open' ? 'open' : opening.ending.state,
    code: opening.kind === 'open' ? null : opening.ending.code,
    waits: opening.kind === 'open' ? opening.waits : undefined,
    content: contentOfCase(one),
    traceparent: event.traceparent,
  };
}

function contentOfCase({ believed, event, shown }: Case): Content | undefined {
  if (believed.kind !== 'sound' || shown === undefined) return undefined;
  const { request, verdict } = believed;
  return contentOf({ request, verdict, evidence: event.data.evidence, shown });
}

export interface Frozen {
  request: RequestValue;
  /** Outcome `require_approval`. */
  verdict: Verdict;
  evidence: VerdictEvidence;
  shown: Shown;
}

/** What people will decide on, and the evidence that their view is rendered from each time. */
export function contentOf({ evidence, request, shown, verdict }: Frozen): Content {
  const { plan } = verdict;
  if (plan === undefined) throw new TypeError('people decide on a plan');
  return {
    groups: partiesOf(plan),
    excluded: plan.excluded.map(({ person }) => person),
    headline: shown.headline,
    shape: shapeDigest({ source: agentUrn(verdict.agent.id), data: request }),
    owner: shown.agent.spec.owner,
    taskId: request.context.task_id,
    summary: summaryOf(request, verdict),
    deadlineAt: plan.deadline_at,
    evidence: {
      ...evidence.request,
      verdict: evidence.verdict,
      facts: JSON.stringify(evidence.facts),
      agentVersion: shown.agent.version,
      actionType: shown.actionType,
    },
  };
}
