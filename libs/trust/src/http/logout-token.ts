import { z } from 'zod';
import { ProblemError } from '#contracts';
import type { Issuer } from './issuer-keys.js';
import { leewaySeconds, readProviderToken, type ReadBy } from './provider-token.js';

const oldestSeconds = 300;
const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

/** What a provider ends: one session, or all of a person's. */
export interface LoggedOut {
  iss: string;
  /** As the provider writes it, whatever claim names its people otherwise. */
  sub: string | undefined;
  sid: string | undefined;
  jti: string;
  /** Seconds. */
  issuedAt: number;
  /** For how long this token could come again. */
  memorySeconds: number;
}

/**
 * A logout token (OpenID Connect Back-Channel Logout 1.0 section 2.6) of a listed issuer, for its listed clients and for nobody
 * else. Whether it has come before is for whoever remembers. Throws ProblemError `token_invalid`, or `dependency_unavailable`
 * when the issuer's keys cannot be had.
 */
export async function verifyLogoutToken(token: string, by: ReadBy): Promise<LoggedOut> {
  const { issuer, payload, typ } = await readProviderToken(token, ['exp', 'iat', 'aud', 'jti', 'events'], by);
  const claims = logoutClaims.safeParse(payload).data;
  const isLogout = typ === undefined || /^(?:application\/)?logout\+jwt$/iu.test(typ);
  if (!isLogout || claims === undefined || !isFor(claims, issuer)) throw new ProblemError('token_invalid');
  const { exp, iat, jti, sid, sub } = claims;
  const now = by.now / 1_000;
  const isRecent = now - iat >= -leewaySeconds && now - iat <= oldestSeconds;
  if (!isRecent || (sid === undefined && sub === undefined)) throw new ProblemError('token_invalid');
  const memorySeconds = Math.ceil(Math.min(exp, iat + oldestSeconds) - now) + 2 * leewaySeconds;
  return { iss: issuer.issuer, sub, sid, jti, issuedAt: iat, memorySeconds };
}

/** `nonce`: an ID token must never pass for a logout token. */
const logoutClaims = z.looseObject({
  aud: z.union([z.string().transform((only) => [only]), z.array(z.string()).min(1)]),
  iat: z.int(),
  exp: z.int(),
  jti: z.string().min(1).max(256),
  events: z.looseObject({ [logoutEvent]: z.looseObject({}) }),
  sub: z.string().min(1).max(256).optional(),
  sid: z.string().min(1).max(256).optional(),
  nonce: z.undefined().optional(),
});

function isFor({ aud }: z.infer<typeof logoutClaims>, { clients }: Issuer): boolean {
  return aud.every((one) => clients.includes(one));
}
