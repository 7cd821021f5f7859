import { randomUUID } from 'node:crypto';
import {
  callHeader,
  personCall,
  personKeyHeader,
  type IssuerSubject,
  type PersonCall,
  type PersonKey,
} from '#contracts';
import { digestOfBytes } from './canonical.js';
import type { SigningKey } from './jwk.js';
import { peek, signCompact } from './jws.js';
import { isSignedInTime, leewaySeconds, readPersonKey, readSignedBy } from './person-key.js';
import { callType } from './statement-types.js';
import type { Trust } from './trust.js';

/** For how long a call that was made must be remembered: until nobody can make it again. Seconds. */
export const callSeconds = 2 * leewaySeconds + 60;

/** One call, as it goes over the wire. */
export interface CallParts {
  method: string;
  /** Whole, as the service is known to the outside. */
  url: string;
  /** The exact bytes; empty or absent when there are none. */
  body?: string | Uint8Array | undefined;
  ifMatch?: string | undefined;
}

/** What signs a person's calls: a key, and what credentials states about it. */
export interface CallSigner {
  key: SigningKey;
  statement: string;
}

/** The headers that make this call a person's own. The gate is the one that vouches for the key. */
export function callHeaders({ key, statement }: CallSigner, call: CallParts, now = Date.now()): Record<string, string> {
  const said = peek(statement) as { gate?: string } | undefined;
  const about = { gate: said?.gate ?? '', ...partsOf(call), jti: randomUUID(), iat: Math.floor(now / 1_000) };
  const signed = signCompact(key, { typ: callType, jwk: key.jwk }, JSON.stringify(about satisfies PersonCall));
  return { [callHeader]: signed, [personKeyHeader]: statement };
}

export interface CallExpectation {
  call: CallParts;
  /** Of the person whose access token came with it. */
  identities: readonly IssuerSubject[];
  /** Milliseconds. */
  now: number;
}

/** `key` and `jti` must be remembered for `callSeconds`; `why` says what to do. */
export type CallVerified = { ok: true; key: PersonKey; jti: string } | { ok: false; why: string };

/**
 * A call that its person's own living key signed: exactly this method, URL, body and precondition. An access token
 * alone says who is asking; only this says that the person asks for this.
 */
export function verifyCall(trust: Trust, signed: { call: string; statement: string }, expected: CallExpectation): CallVerified {
  const key = readPersonKey(trust, signed.statement);
  const said = key && readSignedBy(key, signed.call, { typ: callType, schema: personCall });
  if (key === undefined || said === undefined) return no('the call is not signed by a registered key: sign in again');
  if (!expected.identities.some(({ iss, sub }) => iss === key.iss && sub === key.sub)) return no('the key is of somebody else');
  const receivedAt = new Date(expected.now).toISOString();
  if (!isSignedInTime(said, key, receivedAt)) return no('the key is over, or the call is not of now: sign in again');
  return isOf(said, expected.call) ? { ok: true, key, jti: said.jti } : no('what was signed is another call');
} // prettier-ignore

const no = (why: string): CallVerified => ({ ok: false, why });

function isOf({ method, url, body_digest, if_match }: PersonCall, call: CallParts): boolean {
  const parts = partsOf(call);
  const isSameTarget = method === parts.method && url === parts.url;
  return isSameTarget && body_digest === parts.body_digest && if_match === parts.if_match;
}

function partsOf({ body, ifMatch, method, url }: CallParts): Omit<PersonCall, 'gate' | 'jti' | 'iat'> {
  const hasBody = body !== undefined && body.length > 0;
  return {
    method,
    url,
    ...(hasBody && { body_digest: digestOfBytes(body) }),
    ...(ifMatch !== undefined && { if_match: ifMatch }),
  };
}
