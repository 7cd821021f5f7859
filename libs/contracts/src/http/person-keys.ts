import { z } from 'zod';
import { compactJws, thumbprint } from '../ids.js';

/** Beside the access token of each call by a person that changes something: the call as that person's key signed it, and the statement about the key. */
export const callHeader = 'sallyport-call';
export const personKeyHeader = 'sallyport-person-key';

const coordinate = z.string().regex(/^[A-Za-z0-9_-]{43}$/u);

/** The public half of a person's key: exactly these members, so that it can be written in one way only. */
export const personJwk = z.union([
  z.strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: coordinate, y: coordinate }),
  z.strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: coordinate }),
]);
export type PersonJwk = z.infer<typeof personJwk>;

/** The sign-in committed to the key: the `nonce` in the ID token is the SHA-256 of JCS({jwk, random}), base64url. */
export const personKeyBody = z.strictObject({
  id_token: z.string().min(1).max(16_384),
  jwk: personJwk,
  /** 32 bytes, base64url: nobody who sees the nonce can say which key it is of. */
  random: coordinate,
});
export type PersonKeyBody = z.infer<typeof personKeyBody>;

/** `statement` goes with each vote; the rest is what it says. */
export const personKeyAnswer = z.object({ thumbprint, until: z.int(), statement: compactJws });
export type PersonKeyAnswer = z.infer<typeof personKeyAnswer>;

export const endPersonKeyAnswer = z.object({ thumbprint, state: z.literal('ended') });
export type EndPersonKeyAnswer = z.infer<typeof endPersonKeyAnswer>;

/** What a provider sends when a session is over (OpenID Connect Back-Channel Logout 1.0 section 2.5), from its form. */
export const logoutForm = z.object({ logout_token: z.string().min(1).max(16_384) });

/** Between services: may this key still sign? One that was never registered may not. */
export const personKeyStateBody = z.strictObject({ thumbprint });
export type PersonKeyStateBody = z.infer<typeof personKeyStateBody>;
export const personKeyStateAnswer = z.object({ thumbprint, state: z.enum(['live', 'ended']) });
export type PersonKeyStateAnswer = z.infer<typeof personKeyStateAnswer>;
