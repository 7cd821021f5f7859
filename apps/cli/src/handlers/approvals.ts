import { approvalAnswer, approvalsAnswer, ceremonyAnswer, problem, type ApprovalAnswer, type Caps } from '#contracts';
import { z } from 'zod';
import { inboxText } from '../core/inbox-text.js';
import { showApproval, shortView } from '../core/show-approval.js';
import { wholeProperty } from '../core/show-summary.js';
import { Refused } from '../io/failures.js';
import type { Gate } from '../io/gate.js';
import type { Output } from '../io/output.js';
import type { SessionFile } from '../io/session.js';
import { earlierApproval } from './earlier-approval.js';
import { approvalPath, ownApproval, signedVote, type Own } from './own-approval.js';
import { useSecurityKey } from './security-keys.js';

const accepted = z.looseObject({});

export interface VoteOptions {
  reason: string;
  confirm?: string[];
  ttl?: number;
  uses?: number;
  /** The view that the person saw before, as `approvals show` named it. */
  view?: string;
  /** The stage in which this person decides, where all are open at once; else the one that is shown as theirs. */
  stage?: number;
}

/** Nothing was sent: what would run is not what this person looked at. */
export class ViewChanged extends Error {
  constructor(id: string) {
    super(`view_changed: what you saw is no longer what would run. Read it again: sallyport approvals show ${id}`);
  }
}

export interface ListOptions {
  all?: true;
  /** Each request that looks like this action, on a line of its own. */
  like?: string;
}

export async function listApprovals(gate: Gate, output: Output, { all, like }: ListOptions = {}): Promise<void> {
  const mine = all === true ? '' : '&mine=true';
  const only = like === undefined ? '' : `&like=${encodeURIComponent(like)}`;
  const answer = await gate.call('approvals', `/v1/approvals?state=open${mine}${only}`, approvalsAnswer);
  output.result(answer, inboxText(answer));
}

export interface ShowOptions {
  /** A property that is summed up, of which all is wanted. */
  value?: string;
}

export async function show(gate: Gate, output: Output, id: string, { value }: ShowOptions = {}): Promise<void> {
  if (value !== undefined) {
    const { evidence } = await ownApproval(gate, id);
    const whole = wholeProperty(evidence.request.value, value);
    if (whole === undefined) throw new Refused({ ...problem('not_found'), detail: `no property ${value}` });
    output.result(whole.value, whole.text);
    return;
  }
  const answer = await gate.call('approvals', approvalPath(id), approvalAnswer);
  output.result(answer, showApproval(answer, await earlierApproval(gate, answer)));
}

/**
 * Shows the view first, to programs too, as this program renders it, and signs exactly that view. Somebody who has seen
 * another view before (`--view`) decides nothing.
 */
export async function vote(
  { gate, session }: { gate: Gate; session: SessionFile },
  output: Output,
  cast: { id: string; decision: 'approve' | 'deny'; options: VoteOptions },
): Promise<void> {
  const { id, decision, options } = cast;
  const shown = inStage(await ownApproval(gate, id), options.stage);
  output.always(showApproval(shown, await earlierApproval(gate, shown)));
  if (options.view !== undefined && options.view !== shortView(shown.view_digest)) throw new ViewChanged(id);
  const said = {
    decision,
    reason: options.reason,
    confirmed: options.confirm ?? [],
    ...seatOf(shown, cast),
    ...capsOf(options),
  };
  // Before it is signed: a vote is of the moment in which it is sent.
  const confirmed = decision === 'approve' ? await confirmation(gate, output, shown) : {};
  const vote = signedVote(gate, session, shown, said);
  const call = { method: 'POST', body: { ...vote, ...confirmed }, provenInBody: true } as const;
  const answer = await gate.call('approvals', `${approvalPath(id)}/votes`, accepted, call);
  output.result(answer, decision === 'approve' ? approved(shown, answer) : 'Denied. That is final.');
}

/** As it is shown to whoever decides in this stage: with its points. */
function inStage(shown: Own, stage: number | undefined): Own {
  return stage === undefined ? shown : { ...shown, progress: { ...shown.progress, yours: stage } };
}

/** A yes names its seat where several are open at once, or where the person names one. */
function seatOf(
  { decision: { parallel }, progress: { yours } }: Own,
  { decision, options }: { decision: 'approve' | 'deny'; options: VoteOptions },
): { stage?: number } {
  const isNamed = parallel === true || options.stage !== undefined;
  return decision === 'approve' && isNamed && yours !== undefined ? { stage: yours } : {};
}

function capsOf({ ttl, uses }: VoteOptions): { caps?: Caps } {
  if (ttl === undefined && uses === undefined) return {};
  return { caps: { ...(ttl !== undefined && { ttl_seconds: ttl }), ...(uses !== undefined && { uses }) } };
}

/** The security key, where the plan asks for one: the page shows what this program shows, from the same signed parts. */
async function confirmation(gate: Gate, output: Output, shown: Own): Promise<{ webauthn?: string }> {
  const { decision: view, evidence, view_digest } = shown;
  if (view.step_up !== true) return {};
  const body = { decision: 'approve', view_digest, evidence };
  const path = `/v1/step-up/${encodeURIComponent(view.action_id)}`;
  const begun = await gate.call('credentials', path, ceremonyAnswer, { method: 'POST', body });
  const { statement } = await useSecurityKey(gate, output, begun);
  return statement === undefined ? {} : { webauthn: statement };
}

function approved({ decision }: ApprovalAnswer, answer: Record<string, unknown>): string {
  const state = typeof answer['state'] === 'string' ? answer['state'] : 'counted';
  return `Approved; the request is now ${state}. Follow it: sallyport actions watch ${decision.action_id}`;
}

export async function takeBack(
  gate: Gate,
  output: Output,
  ask: { id: string; how: 'withdraw' | 'stop'; reason: string },
): Promise<void> {
  const { id, how, reason } = ask;
  const answer = await gate.call('approvals', `${approvalPath(id)}/${how}`, accepted, {
    method: 'POST',
    body: { reason },
  });
  const more = how === 'stop' ? ' The agent is being suspended.' : '';
  output.result(answer, `Asked to end it.${more} Follow it: sallyport actions watch ${id}`);
}
