import {
  approvalAnswer,
  evidenceAnswer,
  topics,
  type ApprovalAnswer,
  type Caps,
  type DelegateBody,
  type EvidenceAnswer,
} from '#contracts';
import {
  delegationOn,
  newUuid7,
  ownView,
  signDelegation,
  signingKey,
  signVote,
  Trust,
  viewDigest,
  voteOn,
} from '#trust';
import type { Gate } from '../io/gate.js';
import { livingKey, type SessionFile } from '../io/session.js';
import { SettingsMissing } from '../io/settings.js';

/** The gate shows something else than what was asked and judged. Nothing was sent. */
export class Untrue extends Error {
  constructor(id: string, why: string) {
    super(`DO NOT DECIDE. What the gate shows about ${id} is not what was asked and judged: ${why}. Nothing was sent; tell your security team.`);
  }
} // prettier-ignore

/** What was rendered here, and what from. */
export interface Own extends ApprovalAnswer {
  evidence: EvidenceAnswer;
}

/** The doors that a request may have come through, as its signature names them. */
export const requestDoors = (gate: Pick<Gate, 'urlOf'>, { gate: id }: Trust): string[] => [
  `${id}/${topics.requests}`,
  `${gate.urlOf('intake')}/v1/actions`,
];

/** The door of one approval. */
export const approvalPath = (id: string): string => `/v1/approvals/${encodeURIComponent(id)}`;

/**
 * What is decided on, as this program renders it from the signed request and the signed verdict, and not as the gate
 * says. Throws Untrue when the gate shows another view.
 */
export async function ownApproval(gate: Gate, id: string): Promise<Own> {
  const shown = await gate.call('approvals', approvalPath(id), approvalAnswer);
  const trust = trustOf(gate);
  const evidence = await gate.call('approvals', `${approvalPath(id)}/evidence`, evidenceAnswer);
  const own = ownView(trust, { evidence, actionId: id, audiences: requestDoors(gate, trust) });
  if (!own.ok) throw new Untrue(id, own.why);
  const digest = viewDigest(own.view);
  if (digest !== shown.view_digest || digest !== viewDigest(shown.decision)) throw new Untrue(id, 'it shows another view');
  return { ...shown, decision: own.view, view_digest: digest, evidence };
} // prettier-ignore

export interface Decision {
  decision: 'approve' | 'deny';
  reason: string;
  confirmed: string[];
  caps?: Caps;
  /** The stage whose seat a yes fills, where all are open at once. */
  stage?: number;
}

/** The body of a vote, with the person's own signature over it. Throws SessionError without a living key. */
export function signedVote(gate: Gate, session: SessionFile, shown: ApprovalAnswer, said: Decision): object {
  const now = Date.now();
  const key = livingKey(session, now);
  const body = { ...said, view_digest: shown.view_digest };
  const cast = voteOn(shown.decision, body, { gate: trustOf(gate).gate, jti: newUuid7(), now });
  return { ...body, proof: signVote(signingKey(key.jwk), cast), person_key: key.statement };
}

/** The same of the seat that this person gives away. */
export function signedDelegation(
  gate: Gate,
  session: SessionFile,
  shown: ApprovalAnswer,
  said: Pick<DelegateBody, 'to' | 'until' | 'reason'>,
): DelegateBody {
  const now = Date.now();
  const key = livingKey(session, now);
  const given = delegationOn(shown.decision, said, { gate: trustOf(gate).gate, jti: newUuid7(), now });
  return { ...said, proof: signDelegation(signingKey(key.jwk), given), person_key: key.statement };
}

function trustOf({ settings: { trust_file } }: Gate): Trust {
  if (trust_file !== undefined) return Trust.read(trust_file);
  throw new SettingsMissing(
    'the keys of the gate are needed to check what it shows: name its trust.json as trust_file in the settings of the command line, or in SALLYPORT_TRUST_FILE',
  );
}
