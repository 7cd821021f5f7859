import { exportJWK, type JWK } from 'jose';
import { z } from 'zod';
import { ProblemError } from '#contracts';
import type { Issuer } from './issuer-keys.js';
import { leewaySeconds, readProviderToken, subjectOf, type ReadBy } from './provider-token.js';

const oldestSeconds = 300;

/** A sign-in that was accepted, and the provider's key that it was checked with. */
export interface SignedIn {
  iss: string;
  sub: string;
  /** `sub` as the provider writes it, where another claim names its people: what ends a session names them so. */
  providerSub: string;
  sid: string | undefined;
  /** When the person was authenticated, which may be before this sign-in. Seconds. */
  authTime: number;
  /** When this token was made. Seconds. */
  issuedAt: number;
  /** Public. Kept with the token, so that it can be checked when the provider has other keys. */
  providerKey: JWK;
}

/**
 * An ID token (OpenID Connect Core 1.0 section 3.1.3.7) of a listed issuer that commits to something by its nonce:
 * signed asymmetrically, for one native client and nobody else, minutes old, and saying when the person was
 * authenticated. Only a native client makes its nonce itself, on the person's machine: a web server could commit its own
 * key in a person's name. Throws ProblemError `token_invalid`, or `dependency_unavailable` when the issuer's keys cannot
 * be had.
 */
export async function verifyIdToken(idToken: string, nonce: string, by: ReadBy): Promise<SignedIn> {
  const read = await readProviderToken(idToken, ['exp', 'iat', 'sub', 'aud', 'nonce', 'auth_time'], by);
  const { issuer, key, payload, typ } = read;
  // An access token or a logout token of the same provider is no sign-in (RFC 8725 section 3.11).
  if (typ !== undefined && typ !== 'JWT') throw new ProblemError('token_invalid');
  const claims = idTokenClaims.safeParse(payload).data;
  if (claims === undefined || !isFor(claims, issuer) || claims.nonce !== nonce) throw new ProblemError('token_invalid');
  const age = by.now / 1_000 - claims.iat;
  const isRecent = age >= -leewaySeconds && age <= oldestSeconds && claims.auth_time <= claims.iat + leewaySeconds;
  if (!isRecent) throw new ProblemError('token_invalid');
  const { sub: providerSub, sid, auth_time: authTime, iat: issuedAt } = claims;
  const who = { iss: issuer.issuer, sub: subjectOf(payload, issuer), providerSub, sid };
  return { ...who, authTime, issuedAt, providerKey: await exportJWK(key) };
}

/** `act`: somebody acting for a person is not that person (RFC 8693 section 4). */
const idTokenClaims = z.looseObject({
  sub: z.string().min(1),
  aud: z.union([z.string(), z.tuple([z.string()]).transform(([only]) => only)]),
  azp: z.string().optional(),
  nonce: z.string(),
  iat: z.int(),
  auth_time: z.int().positive(),
  sid: z.string().min(1).max(256).optional(),
  act: z.undefined().optional(),
  may_act: z.undefined().optional(),
});

function isFor({ aud, azp }: z.infer<typeof idTokenClaims>, { nativeClients }: Issuer): boolean {
  return nativeClients?.includes(aud) === true && (azp === undefined || azp === aud);
}
