import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { publicKey, type PublicJwk, type PublicKey, type SigningKey } from './jwk.js';
import { hasExactly, openCompact, payloadOf, signCompact, verifies, type OpenJws } from './jws.js';

const proofTyp = 'dpop+jwt';

/** With a nonce of the callee the nonce bounds the age and clocks may differ; without one `iat` does. Seconds. */
const leeway = { withNonce: 300, withoutNonce: 60 } as const;

export interface ProofInput {
  key: SigningKey;
  htm: string;
  /** The URL without query and fragment. */
  htu: string;
  nonce?: string;
  /** The exact body bytes; its hash stands in `body_sha256`. */
  body?: string | Uint8Array;
  /** The access token that goes beside the proof (`ath`, RFC 9449 section 4.2). Calls to the gate carry none. */
  accessToken?: string;
  now?: number;
}

/** A DPoP proof (RFC 9449 section 4.2) with our `body_sha256`. */
export function makeProof(input: ProofInput): string {
  const { key, htm, htu, nonce, body, accessToken, now = Date.now() } = input;
  const claims = {
    htm,
    htu,
    iat: Math.floor(now / 1_000),
    jti: randomUUID(),
    nonce,
    body_sha256: body === undefined ? undefined : sha256(body),
    ath: accessToken === undefined ? undefined : sha256(accessToken),
  };
  return signCompact(key, { typ: proofTyp, jwk: key.jwk }, JSON.stringify(claims));
}

export interface ProofExpectation {
  htm: string;
  htu: string;
  /** Whether this is a nonce that the callee gave. Absent only where the callee gives none (a tool's own URL). */
  nonceValid?: (nonce: string) => boolean;
  /** The body that came, when one came. */
  body?: Uint8Array | undefined;
  accessToken?: string;
  /** Whether the thumbprint is of a key that is registered for signing. */
  keyKnown: (jkt: string) => boolean;
  now?: number;
}

export type ProofCode = 'proof_invalid' | 'use_dpop_nonce' | 'key_unknown';
/** `jti` must be remembered by the caller for as long as the proof could come again. */
export type ProofVerified = { ok: true; jkt: string; jti: string } | { ok: false; code: ProofCode };

const proofClaims = z.strictObject({
  htm: z.string(),
  htu: z.string(),
  iat: z.int(),
  jti: z.string().min(1).max(128),
  nonce: z.string().optional(),
  body_sha256: z.string().optional(),
  ath: z.string().optional(),
});
type ProofClaims = z.infer<typeof proofClaims>;

/**
 * Verifies a DPoP proof: header exactly `typ`, `alg`, `jwk`; claims exactly those that the call asks for. A missing or
 * old nonce in an otherwise good proof is `use_dpop_nonce`, so that the caller can repeat with a fresh one.
 */
export function verifyProof(proof: string, expected: ProofExpectation): ProofVerified {
  const opened = proof.length > 8_192 ? undefined : openProof(proof);
  if (opened === undefined || !fits(opened.claims, expected)) return { ok: false, code: 'proof_invalid' };
  const { jkt, claims } = opened;
  if (!expected.keyKnown(jkt)) return { ok: false, code: 'key_unknown' };
  const needsNonce = expected.nonceValid !== undefined && !expected.nonceValid(claims.nonce ?? '');
  if (needsNonce) return { ok: false, code: 'use_dpop_nonce' };
  return { ok: true, jkt, jti: claims.jti };
}

/** The claims of a proof whose signature verifies with the key in its header. */
function openProof(proof: string): { jkt: string; claims: ProofClaims } | undefined {
  const jws = openCompact(proof);
  const key = jws && proofKey(jws);
  if (jws === undefined || key === undefined || !verifies(jws, key)) return undefined;
  const claims = proofClaims.safeParse(payloadOf(jws)).data;
  return claims && { jkt: key.kid, claims };
}

/** SHA-256, base64url: the form of `body_sha256` and `ath`. */
function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url');
}

function proofKey(jws: OpenJws): PublicKey | undefined {
  const { typ, jwk } = jws.header;
  if (!hasExactly(jws.header, ['typ', 'alg', 'jwk']) || typ !== proofTyp) return undefined;
  return isPublicJwk(jwk) ? publicKey(jwk) : undefined;
}

/** Exactly the public members: a `d`, an `alg` or a `kid` of the sender's choice is refused. */
function isPublicJwk(value: unknown): value is PublicJwk {
  if (typeof value !== 'object' || value === null) return false;
  const jwk = value as Record<string, unknown>;
  const names = jwk['kty'] === 'EC' ? ['kty', 'crv', 'x', 'y'] : ['kty', 'crv', 'x'];
  return hasExactly(jwk, names) && names.every((name) => typeof jwk[name] === 'string');
}

function fits(claims: ProofClaims, expected: ProofExpectation): boolean {
  if (claims.htm !== expected.htm || !sameUrl(claims.htu, expected.htu)) return false;
  const body = expected.body === undefined || expected.body.length === 0 ? undefined : sha256(expected.body);
  const ath = expected.accessToken === undefined ? undefined : sha256(expected.accessToken);
  if (claims.body_sha256 !== body || claims.ath !== ath) return false;
  const tolerance = expected.nonceValid === undefined ? leeway.withoutNonce : leeway.withNonce;
  return Math.abs((expected.now ?? Date.now()) - claims.iat * 1_000) <= tolerance * 1_000;
}

/** Equal after normalisation (RFC 9449 section 4.3). A query or fragment in `htu` makes it unequal; it is not cut off. */
function sameUrl(claimed: string, expected: string): boolean {
  if (claimed === expected) return true;
  const url = URL.parse(claimed);
  return url !== null && url.href === URL.parse(expected)?.href;
}
