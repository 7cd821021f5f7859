import type { JWTPayload } from 'jose';
import { z } from 'zod';
import { ProblemError } from '#contracts';
import { leewaySeconds, readProviderToken, subjectOf, type ReadBy } from './provider-token.js';

/** The identity in an access token that was accepted. */
export interface PersonToken {
  iss: string;
  sub: string;
  clientId: string;
}

/** For whom a token must be: this service, by the name that its provider knows it under, else by its public URL. */
export interface Audience {
  service: string;
  url: string;
}

/**
 * Accepts exactly this: an RFC 9068 `at+jwt` of a listed issuer and a listed
 * interactive client, signed asymmetrically, with this service as its only audience, and without `act` or `may_act`
 * (an agent acting for a person is not that person). Throws ProblemError `token_invalid`, or
 * `dependency_unavailable` when the issuer's keys cannot be had.
 */
export async function verifyPersonToken(token: string, { service, url }: Audience, by: ReadBy): Promise<PersonToken> {
  const read = await readProviderToken(token, ['exp', 'iat', 'sub', 'client_id', 'jti'], by);
  const { issuer, payload, typ } = read;
  const claims = personClaims.safeParse(payload).data;
  const isAccess = typ !== undefined && /^(?:application\/)?at\+jwt$/iu.test(typ);
  if (!isAccess || claims === undefined || !isOnlyFor(payload, issuer.audiences?.[service] ?? url)) throw new ProblemError('token_invalid');
  const isFromTheFuture = claims.iat > by.now / 1_000 + leewaySeconds;
  if (isFromTheFuture || !issuer.clients.includes(claims.client_id)) throw new ProblemError('token_invalid');
  return { iss: issuer.issuer, sub: subjectOf(payload, issuer), clientId: claims.client_id };
} // prettier-ignore

/** What must be in it, and what must not: an agent acting for a person is not that person (RFC 8693 section 4). */
const personClaims = z.looseObject({
  sub: z.string().min(1),
  client_id: z.string(),
  iat: z.number(),
  act: z.undefined().optional(),
  may_act: z.undefined().optional(),
});

function isOnlyFor({ aud }: JWTPayload, expected: string): boolean {
  return aud === expected || (Array.isArray(aud) && aud.length === 1 && aud[0] === expected);
}
