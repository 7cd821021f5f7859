import { createHash, createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';

/** The algorithms of the whole house. A key has exactly one; a header never chooses. */
export type SigningAlg = 'ES256' | 'EdDSA';

/** The public members that matter. Others (`kid`, `use`, `alg`) may stand beside them. */
export interface PublicJwk {
  kty: string;
  crv: string;
  x: string;
  y?: string | undefined;
}
export interface PrivateJwk extends PublicJwk {
  d: string;
}

/** A public key ready for use; `kid` is its RFC 7638 thumbprint. */
export interface PublicKey {
  readonly kid: string;
  readonly alg: SigningAlg;
  readonly key: KeyObject;
}

/** A private signing key ready for use. */
export interface SigningKey extends PublicKey {
  readonly jwk: PublicJwk;
}

/** RFC 7638: SHA-256 over the required members in lexicographic order, base64url. */
export function thumbprint(jwk: PublicJwk): string {
  const { crv, kty, x, y } = jwk;
  const members = kty === 'EC' ? { crv, kty, x, y } : { crv, kty, x };
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}

/** The one algorithm that this kind of key signs with; undefined for keys that do not sign here. */
export function algOf(jwk: PublicJwk): SigningAlg | undefined {
  if (jwk.kty === 'OKP' && jwk.crv === 'Ed25519') return 'EdDSA';
  if (jwk.kty === 'EC' && jwk.crv === 'P-256') return 'ES256';
  return undefined;
}

/** Only the public members, in a fixed order: what a DPoP header carries. */
export function publicPart(jwk: PublicJwk): PublicJwk {
  const { kty, crv, x, y } = jwk;
  return kty === 'EC' ? { kty, crv, x, y } : { kty, crv, x };
}

function webKey({ kty, crv, x, y }: PublicJwk): JsonWebKey {
  return y === undefined ? { kty, crv, x } : { kty, crv, x, y };
}

const cacheLimit = 20_000;
const cache = new Map<string, PublicKey>();

/**
 * A public key from a JWK; undefined when it is malformed, not on its curve, or of a kind that does not sign here.
 * Cached by thumbprint, which is computed from the key itself, so no name can stand for another key.
 */
export function publicKey(jwk: PublicJwk): PublicKey | undefined {
  const kid = thumbprint(jwk);
  const known = cache.get(kid);
  if (known !== undefined) return known;
  const made = makePublicKey(jwk, kid);
  if (made !== undefined) remember(made);
  return made;
}

function makePublicKey(jwk: PublicJwk, kid: string): PublicKey | undefined {
  const alg = algOf(jwk);
  if (alg === undefined) return undefined;
  try {
    return { kid, alg, key: createPublicKey({ key: webKey(jwk), format: 'jwk' }) };
  } catch {
    // Not a point on the curve, or not base64url: no key.
    return undefined;
  }
}

function remember(key: PublicKey): void {
  if (cache.size >= cacheLimit) {
    const oldest = cache.keys().next();
    if (oldest.done !== true) cache.delete(oldest.value);
  }
  cache.set(key.kid, key);
}

/** A signing key from a private JWK. Throws when it cannot sign. */
export function signingKey(jwk: PrivateJwk): SigningKey {
  const alg = algOf(jwk);
  if (alg === undefined) throw new TypeError(`no signing key: ${jwk.kty} ${jwk.crv}`);
  const key = createPrivateKey({ key: { ...webKey(jwk), d: jwk.d }, format: 'jwk' });
  return { kid: thumbprint(jwk), alg, key, jwk: publicPart(jwk) };
}
