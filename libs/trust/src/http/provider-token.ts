import { decodeJwt, jwtVerify, type JWTPayload, type JWTVerifyResult, type ResolvedKey } from 'jose';
import { ProblemError } from '#contracts';
import { asymmetric } from './algorithms.js';
import { isKeyOutage, unavailable, type Issuer, type IssuerKeys } from './issuer-keys.js';

/** How far the clocks of a provider and of the gate may be apart. Seconds. */
export const leewaySeconds = 5;

const longest = 16_384;

/** A token that a listed provider has signed, with a key that only this provider has. What it is good for is for its reader. */
export interface ProviderToken {
  issuer: Issuer;
  payload: JWTPayload;
  typ: string | undefined;
  key: ResolvedKey['key'];
}

export interface ReadBy {
  issuers: IssuerKeys;
  /** Milliseconds. */
  now: number;
}

/**
 * Throws ProblemError `token_invalid`, or `dependency_unavailable` when the issuer's keys cannot be had. A token is checked
 * with the keys of the issuer that it names and with no others: a provider speaks for its own people only.
 */
export async function readProviderToken(
  token: string,
  requiredClaims: string[],
  { issuers, now }: ReadBy,
): Promise<ProviderToken> {
  const issuer = token.length > longest ? undefined : issuers.get(claimedIssuer(token));
  if (issuer === undefined) throw new ProblemError('token_invalid');
  const keys = await issuers.keysOf(issuer);
  const checks = { issuer: issuer.issuer, requiredClaims, currentDate: new Date(now) };
  try {
    const read: JWTVerifyResult & ResolvedKey = await jwtVerify(token, keys, {
      ...checks,
      algorithms: [...asymmetric],
      clockTolerance: leewaySeconds,
    });
    return { issuer, payload: read.payload, typ: read.protectedHeader.typ, key: read.key };
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    if (isKeyOutage(error)) throw unavailable();
    throw new ProblemError('token_invalid');
  }
}

/** Who a token is about: by the one claim that its provider names people with. Nothing else in it says who somebody is, or what they are. */
export function subjectOf(payload: JWTPayload, { subjectClaim = 'sub' }: Issuer): string {
  const subject = payload[subjectClaim];
  if (typeof subject === 'string' && subject !== '' && subject.length <= 256) return subject;
  throw new ProblemError('token_invalid');
}

/** Only picks the issuer; the verified claim must say the same. */
function claimedIssuer(token: string): string {
  try {
    return decodeJwt(token).iss ?? '';
  } catch {
    return '';
  }
}
