import { decodeJwt, errors, jwtVerify, type JWTPayload } from 'jose';
import { z } from 'zod';
import { ProblemError } from '#contracts';
import { asymmetric } from './algorithms.js';
import { isKeyOutage, unavailable, type Issuer, type IssuerKeys } from './issuer-keys.js';

const leewaySeconds = 5;

/** The identity in an access token that was accepted. */
export interface PersonToken {
  iss: string;
  sub: string;
  clientId: string;
}

/**
 * Accepts exactly what the wire contract says in section 6: an RFC 9068 `at+jwt` of a listed issuer and a listed
 * interactive client, signed asymmetrically, with this service as its only audience, and without `act` or `may_act`
 * (an agent acting for a person is not that person). Throws ProblemError `token_invalid`, or
 * `dependency_unavailable` when the issuer's keys cannot be had.
 */
export async function verifyPersonToken(
  token: string,
  aud: string,
  { issuers, now }: { issuers: IssuerKeys; now: number },
): Promise<PersonToken> {
  const issuer = token.length > 16_384 ? undefined : issuers.get(claimedIssuer(token));
  if (issuer === undefined) throw new ProblemError('token_invalid');
  const payload = await verifySignature(token, aud, issuer, { issuers, now });
  const claims = personClaims.safeParse(payload).data;
  if (claims === undefined || !isForThisServiceOnly(payload, aud)) throw new ProblemError('token_invalid');
  const isFromTheFuture = claims.iat > now / 1_000 + leewaySeconds;
  if (isFromTheFuture || !issuer.clients.includes(claims.client_id)) throw new ProblemError('token_invalid');
  return { iss: issuer.issuer, sub: claims.sub, clientId: claims.client_id };
}

/** What must be in it, and what must not: an agent acting for a person is not that person (RFC 8693 section 4). */
const personClaims = z.looseObject({
  sub: z.string().min(1),
  client_id: z.string(),
  iat: z.number(),
  act: z.undefined().optional(),
  may_act: z.undefined().optional(),
});

async function verifySignature(
  token: string,
  audience: string,
  issuer: Issuer,
  { issuers, now }: { issuers: IssuerKeys; now: number },
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, await issuers.keysOf(issuer), {
      issuer: issuer.issuer,
      audience,
      algorithms: [...asymmetric],
      typ: 'at+jwt',
      requiredClaims: ['exp', 'iat', 'sub', 'client_id', 'jti'],
      clockTolerance: leewaySeconds,
      currentDate: new Date(now),
    });
    return payload;
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    if (isKeyOutage(error)) throw unavailable();
    throw new ProblemError('token_invalid');
  }
}

function isForThisServiceOnly({ aud }: JWTPayload, expected: string): boolean {
  return aud === expected || (Array.isArray(aud) && aud.length === 1 && aud[0] === expected);
}

/** Only picks the issuer; the verified claim must say the same. */
function claimedIssuer(token: string): string {
  try {
    return decodeJwt(token).iss ?? '';
  } catch (error) {
    if (error instanceof errors.JOSEError) return '';
    throw error;
  }
}
