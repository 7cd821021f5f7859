import { z } from 'zod';
import { agentUrn, requestType, signedAttributes, type AgentKey, type SignedAttributes } from '#contracts';
import { publicKey, type PublicKey, type SigningKey } from './jwk.js';
import { openDetached, signDetached, verifies, type OpenJws } from './jws.js';

const requestTyp = 'sallyport-request+jws';

/** The protected header of a request's signature: these members and no other. */
const requestHeader = z.strictObject({
  alg: z.string(),
  kid: z.string(),
  typ: z.literal(requestTyp),
  aud: z.string(),
  /** Seconds since 1970, by the agent's clock. */
  iat: z.int(),
  ce: signedAttributes,
});
export type RequestHeader = z.infer<typeof requestHeader>;

/** A registered agent key, and whose it is. */
export type OwnedKey = AgentKey & { agentId: string };

export type RequestSignatureCode = 'signature_missing' | 'signature_invalid' | 'key_unknown';
export type RequestVerified =
  { ok: true; header: RequestHeader; agentId: string } | { ok: false; code: RequestSignatureCode };

export interface RequestExpectation {
  /** `<gate id>/sallyport.requests.v1` on Kafka, the public URL of the route over HTTP. */
  aud: string;
  keys: (kid: string) => OwnedKey | undefined;
  /** The attributes that came beside the value. Over HTTP there are none: the header's `ce` is the attributes. */
  attributes?: SignedAttributes;
}

/**
 * Verifies the agent's signature over exactly these value bytes, before anything parses
 * them. The key must be registered with `use: sig`, and `ce.source` must be the URN of the agent that holds it.
 * Freshness (`iat`), replay and the type are for the caller, who knows the time of append and the ids.
 */
export function verifyRequestSignature(
  bytes: Uint8Array,
  signature: string | undefined,
  expected: RequestExpectation,
): RequestVerified {
  if (signature === undefined || signature === '') return { ok: false, code: 'signature_missing' };
  const opened = open(signature, bytes, expected);
  if (opened === undefined) return { ok: false, code: 'signature_invalid' };
  const { jws, header } = opened;
  const owned = expected.keys(header.kid);
  if (owned?.use !== 'sig') return { ok: false, code: 'key_unknown' };
  const key = keyOf(owned, header);
  if (key === undefined || !verifies(jws, key)) return { ok: false, code: 'signature_invalid' };
  return { ok: true, header, agentId: owned.agentId };
}

/** Signs a request as an agent does. `iat` in seconds. */
export function signRequest(
  key: SigningKey,
  bytes: string | Uint8Array,
  { aud, iat, ce }: { aud: string; iat: number; ce: SignedAttributes },
): string {
  const { id, source, type } = ce;
  return signDetached(key, { kid: key.kid, typ: requestTyp, aud, iat, ce: { id, source, type } }, bytes);
}

/** The attributes for a request of this agent. */
export function requestAttributes(agentId: string, actionId: string): SignedAttributes {
  return { id: actionId, source: agentUrn(agentId), type: requestType };
}

/** True when `iat` (seconds) is at most `toleranceSeconds` away from that moment (milliseconds). */
export function isFresh(iat: number, atMs: number, toleranceSeconds = 300): boolean {
  return Math.abs(atMs - iat * 1_000) <= toleranceSeconds * 1_000;
}

/** Everything that can be told before the key is known. */
function open(
  signature: string,
  bytes: Uint8Array,
  expected: RequestExpectation,
): { jws: OpenJws; header: RequestHeader } | undefined {
  const jws = signature.length > 8_192 ? undefined : openDetached(signature, bytes);
  const header = requestHeader.safeParse(jws?.header).data;
  if (jws === undefined || header?.aud !== expected.aud) return undefined;
  return sameAttributes(header.ce, expected.attributes ?? header.ce) ? { jws, header } : undefined;
}

/** The key, if it is the one that `kid` names and its agent is the source that the request names. */
function keyOf(owned: OwnedKey, { kid, ce }: RequestHeader): PublicKey | undefined {
  const key = publicKey(owned);
  return key?.kid === kid && ce.source === agentUrn(owned.agentId) ? key : undefined;
}

export function sameAttributes(a: SignedAttributes, b: SignedAttributes): boolean {
  return a.id === b.id && a.source === b.source && a.type === b.type;
}
