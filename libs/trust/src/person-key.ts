import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { personJwk, personKey, vote, type PersonKey, type Vote } from '#contracts';
import { canonical } from './canonical.js';
import { publicKey, publicPart, type PublicJwk, type PublicKey, type SigningKey } from './jwk.js';
import { hasExactly, openCompact, payloadOf, signCompact, verifies, type OpenJws } from './jws.js';
import type { Keyring } from './keyring.js';
import { personKeySeconds } from './pinned-keys.js';
import { voteType } from './statement-types.js';
import type { Trust } from './trust.js';

/** How far the clock of a person's machine and those of the gate may be apart. Seconds. */
export const leewaySeconds = 300;

/** What a sign-in says about a key before there is one (`random`: a fresh secret): sent as `nonce`, so that the ID token commits to the key. */
export function keyNonce(jwk: PublicJwk, random: string): string {
  return createHash('sha256').update(canonical({ jwk: { ...publicPart(jwk) }, random })).digest('base64url');
} // prettier-ignore

export function signPersonKey(keyring: Keyring, said: Omit<PersonKey, 'gate'>): string {
  return keyring.sign('person-key', { gate: keyring.gate, ...said } satisfies PersonKey);
}

/** What credentials states about a key; undefined when it does not. */
export function readPersonKey(trust: Trust, statement: string): PersonKey | undefined {
  const read = trust.verify(statement, { purpose: 'person-key', service: 'credentials', schema: personKey });
  return read.ok ? read.payload : undefined;
}

/** A vote by a person's key. The key stands in the header, as in a DPoP proof (RFC 9449 section 4.2); the statement says whose it is. */
export function signVote(key: SigningKey, cast: Vote): string {
  return signCompact(key, { typ: voteType, jwk: key.jwk }, JSON.stringify(cast));
}

/** The vote that the key of this statement signed; undefined when it did not, or for another gate. */
export function readSignedVote(proof: string, by: PersonKey): Vote | undefined {
  return readSignedBy(by, proof, { typ: voteType, schema: vote });
}

/** What the key of this statement signed under this name, for this gate; undefined when it did not. */
export function readSignedBy<T extends { gate: string }>(
  by: PersonKey,
  proof: string,
  { typ, schema }: { typ: string; schema: z.ZodType<T> },
): T | undefined {
  const jws = proof.length > 16_384 ? undefined : openCompact(proof);
  const key = jws && keyOf(jws, typ);
  if (jws === undefined || key?.kid !== by.thumbprint || !verifies(jws, key)) return undefined;
  const said = schema.safeParse(payloadOf(jws)).data;
  return said?.gate === by.gate ? said : undefined;
}

function keyOf({ header }: OpenJws, typ: string): PublicKey | undefined {
  if (!hasExactly(header, ['typ', 'alg', 'jwk']) || header['typ'] !== typ) return undefined;
  const jwk = personJwk.safeParse(header['jwk']).data;
  return jwk && publicKey(jwk);
}

/** Was this signed when it was received, while its key lived? A key lives from its sign-in on, and no longer than its statement says. */
export function isSignedInTime({ iat }: { iat: number }, { until }: PersonKey, receivedAt: string): boolean {
  const received = Date.parse(receivedAt) / 1_000;
  const isFresh = Math.abs(received - iat) <= leewaySeconds;
  return isFresh && received < until && iat < until && iat >= until - personKeySeconds - leewaySeconds;
}
