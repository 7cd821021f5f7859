import { evidenceAnswer, type ApprovalAnswer, type DecisionView, type EvidenceAnswer } from '#contracts';
import { ownView, Trust, verifyVote } from '#trust';
import { differences } from '../core/differences.js';
import { moment } from '../core/plain-words.js';
import { row } from '../core/say.js';
import { Refused } from '../io/failures.js';
import type { Gate } from '../io/gate.js';
import { approvalPath, requestDoors } from './own-approval.js';

type Door = Pick<Gate, 'call' | 'urlOf'> & { settings: Pick<Gate['settings'], 'trust_file'> };

/**
 * What is different from the last request of this kind that people approved. The gate only names that one: what it was, and that somebody
 * approved it, is verified here, with the signatures of its agent, of policy and of people.
 */
export async function earlierApproval(gate: Door, { before, decision }: ApprovalAnswer): Promise<string[]> {
  if (before === undefined) return row('before', 'nothing like it that you may see was approved');
  const { trust_file } = gate.settings;
  const named = `${before.action_id}, ${moment(before.granted_at)}`;
  if (trust_file === undefined) return row('before', `approved: ${named} (not compared: no trust_file)`);
  const evidence = await read(gate, before.action_id);
  if (evidence === undefined) return row('before', `approved: ${named} (not compared: you may not see it)`);
  const trust = Trust.read(trust_file);
  const audiences = requestDoors(gate, trust);
  const then = approvedView(trust, { evidence, actionId: before.action_id, audiences });
  if (typeof then === 'string' || !isAlike(then, decision)) {
    const why = typeof then === 'string' ? then : 'it was about something else';
    return row(
      'before',
      `DO NOT TRUST what the gate names as approved before, ${named}: ${why}. Tell your security team.`,
    );
  }
  return row('before', [`approved: ${named}. Different now:`, ...differences(decision, then)].join('\n'));
}

async function read(gate: Door, id: string): Promise<EvidenceAnswer | undefined> {
  try {
    return await gate.call('approvals', `${approvalPath(id)}/evidence`, evidenceAnswer);
  } catch (error) {
    if (error instanceof Refused && error.problem.code === 'not_found') return undefined;
    throw error;
  }
}

/** The view that people approved, or why there is none. */
function approvedView(trust: Trust, given: Parameters<typeof ownView>[1]): DecisionView | string {
  const own = ownView(trust, given);
  if (!own.ok) return own.why;
  const { action_digest: actionDigest, action_id: actionId, plan_digest: planDigest } = own.view;
  const isApproved = (given.evidence.votes ?? []).some((counted) => {
    const read = verifyVote(trust, counted, { actionId, actionDigest, planDigest });
    return read.ok && read.vote.vote.decision === 'approve';
  });
  return isApproved ? own.view : 'nobody has signed an approval of it';
}

const isAlike = (a: DecisionView, b: DecisionView): boolean =>
  a.agent.id === b.agent.id && a.action.name === b.action.name && a.resource.id === b.resource.id;
