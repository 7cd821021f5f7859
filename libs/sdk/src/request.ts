import type { RequestValue, SignedAttributes } from '#contracts';
import { actionDigest, newUuid7, parseStrict, requestAttributes, signRequest, type SigningKey } from '#trust';
import { GateError } from './gate-error.js';

/** What an agent asks for; the SDK adds who asks. */
export type Asked = Omit<RequestValue, 'subject'>;

/** What an agent keeps of a request, also over a restart: with it, it can wait, redeem and cancel. */
export interface Ticket {
  actionId: string;
  /** Of the exact bytes that were signed. Everything that the gate says later must be about this. */
  actionDigest: string;
}

export interface AskOptions {
  /** An earlier request of this agent that ends as `superseded` when this one is accepted: how a question about it is answered. */
  supersedes?: Ticket;
}

export function superseding(asked: Asked, { supersedes }: AskOptions): Asked {
  return supersedes === undefined
    ? asked
    : { ...asked, context: { ...asked.context, supersedes: supersedes.actionId } };
}

export interface SignedRequest {
  ticket: Ticket;
  ce: SignedAttributes;
  /** The exact bytes that are signed; they may not be written anew on the way. */
  value: string;
  signature: string;
}

export interface Signer {
  agentId: string;
  key: SigningKey;
  aud: string;
}

/** Signs a request. Throws GateError with the gate's own code when the gate could not accept the value. */
export function signAsked(asked: Asked, { agentId, key, aud }: Signer, actionId = newUuid7()): SignedRequest {
  const value = JSON.stringify({ subject: { type: 'agent', id: agentId }, ...asked });
  const parsed = parseStrict(Buffer.from(value, 'utf8'));
  if (!parsed.ok) throw new GateError(parsed.code, 'this request cannot be sent');
  const ce = requestAttributes(agentId, actionId);
  const signature = signRequest(key, value, { aud, iat: Math.floor(Date.now() / 1_000), ce });
  const digest = actionDigest({ id: actionId, source: ce.source, data: parsed.value });
  return { ticket: { actionId, actionDigest: digest }, ce, value, signature };
}
