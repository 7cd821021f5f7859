import { delegateAnswer } from '#contracts';
import { moment } from '../core/plain-words.js';
import type { Gate } from '../io/gate.js';
import type { Output } from '../io/output.js';
import type { SessionFile } from '../io/session.js';
import { approvalPath, ownApproval, signedDelegation } from './own-approval.js';

export interface DelegateOptions {
  to: string;
  reason: string;
  /** The request's own deadline when absent. */
  until?: string;
}

/** Signs for exactly the plan that this program has rendered: whoever shows another request gets no seat in it. */
export async function delegateSeat(
  { gate, session }: { gate: Gate; session: SessionFile },
  output: Output,
  { id, options: { reason, to, until } }: { id: string; options: DelegateOptions },
): Promise<void> {
  const shown = await ownApproval(gate, id);
  const said = { to, until: until ?? shown.progress.deadline_at, reason };
  const body = signedDelegation(gate, session, shown, said);
  const call = { method: 'POST', body, provenInBody: true } as const;
  const answer = await gate.call('approvals', `${approvalPath(id)}/delegate`, delegateAnswer, call);
  const words = `Until ${moment(answer.until)} ${to} decides in your place, and you do not.`;
  output.result(answer, `${words} To have your seat back: sallyport approvals undelegate ${id}`);
}

export async function takeSeatBack(gate: Gate, output: Output, id: string): Promise<void> {
  const answer = await gate.call('approvals', `${approvalPath(id)}/delegate`, delegateAnswer, { method: 'DELETE' });
  output.result(answer, `Your seat is yours again; ${answer.to} decides nothing on it any more.`);
}
