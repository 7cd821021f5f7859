import { publicKey, thumbprint, type PublicJwk } from '#trust';
import { mismatch, type Objection } from './kind-rule.js';

const kinds: Record<string, string> = { Ed25519: 'OKP', X25519: 'OKP', 'P-256': 'EC' };

type NamedKey = PublicJwk & { kid: string };

/** Why one of these public keys cannot be used: its type, its point, or a `kid` that is not its RFC 7638 thumbprint. */
export function keyObjection(keys: readonly NamedKey[]): Objection | undefined {
  return keys.map(objection).find((one) => one !== undefined);
}

function objection(key: NamedKey): Objection | undefined {
  if (kinds[key.crv] !== key.kty || (key.kty === 'EC') !== (key.y !== undefined)) {
    return mismatch(`jwks.keys: ${key.kid}: kty, crv and coordinates do not fit each other`);
  }
  if (!isPoint(key)) return mismatch(`jwks.keys: ${key.kid} is not a point on ${key.crv}`);
  const expected = thumbprint(key);
  return expected === key.kid ? undefined : mismatch(`jwks.keys: the kid of ${key.kid} is its thumbprint ${expected}`);
}

/** Every 32 bytes are a public key of X25519 (RFC 7748 section 5); the other curves are checked by the key's import. */
function isPoint(key: PublicJwk): boolean {
  return key.crv === 'X25519' ? /^[A-Za-z0-9_-]{43}$/u.test(key.x) : publicKey(key) !== undefined;
}
