import { CompactEncrypt, compactDecrypt, importJWK, type JWK } from 'jose';
import { thumbprint, type PrivateJwk, type PublicJwk } from './jwk.js';

const alg = 'ECDH-ES';
const enc = 'A256GCM';
const typ = 'sallyport-lease+jwe';

/** What stands in the clear beside the secret, so that it can be matched without opening it. */
export interface DeliveryHeader {
  lease_id: string;
  action_digest: string;
}

/**
 * Seals a gate-signed JWS to an agent's encryption key (P-256 or X25519): JWE compact, ECDH-ES and A256GCM, no
 * compression. Throws when the key is not one of these.
 */
export async function encryptTo(jwk: PublicJwk, jws: string, header: DeliveryHeader): Promise<string> {
  const { lease_id, action_digest } = header;
  const { kty, crv, x, y } = jwk;
  if (crv !== 'P-256' && crv !== 'X25519') throw new TypeError(`not an encryption key: ${crv}`);
  const key = await importJWK(y === undefined ? { kty, crv, x } : { kty, crv, x, y }, alg);
  return new CompactEncrypt(Buffer.from(jws, 'utf8'))
    .setProtectedHeader({ alg, enc, typ, cty: 'JWS', kid: thumbprint(jwk), lease_id, action_digest })
    .encrypt(key);
}

export type Decrypted = { ok: true; jws: string; header: DeliveryHeader } | { ok: false };

/** Opens a delivery with the agent's private key. The JWS inside proves nothing until it is verified. */
export async function decrypt(privateJwk: PrivateJwk, jwe: string): Promise<Decrypted> {
  try {
    const key = await importJWK(privateJwk as JWK, alg);
    const options = { keyManagementAlgorithms: [alg], contentEncryptionAlgorithms: [enc] };
    const { plaintext, protectedHeader } = await compactDecrypt(jwe, key, options);
    const { lease_id, action_digest, kid, zip } = protectedHeader as Record<string, unknown>;
    if (typeof lease_id !== 'string' || typeof action_digest !== 'string') return { ok: false };
    if (protectedHeader['typ'] !== typ || kid !== thumbprint(privateJwk) || zip !== undefined) return { ok: false };
    return { ok: true, jws: Buffer.from(plaintext).toString('utf8'), header: { lease_id, action_digest } };
  } catch {
    // jose throws for whatever is wrong with the JWE; to the caller all of it means the same.
    return { ok: false };
  }
}
