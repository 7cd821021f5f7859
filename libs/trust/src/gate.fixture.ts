import { generatePrivateJwk, keysOfServices, type KeysFile, type TrustFile } from './key-files.js';
import { publicPart, signingKey, thumbprint, type SigningKey } from './jwk.js';
import { Keyring } from './keyring.js';
import { Trust } from './trust.js';

/** A gate with fresh keys, in memory. */
export interface TestGate {
  trust: Trust;
  keyring(service: string): Keyring;
}

export function makeGate(gate = 'gate.test.example'): TestGate {
  const trustFile: TrustFile = { version: 'sallyport.trust/1', gate, keys: [] };
  const rings = new Map<string, Keyring>();
  for (const [service, purposes] of Object.entries(keysOfServices)) {
    const keys = purposes.map((purpose) => {
      const jwk = generatePrivateJwk(purpose === 'checkpoint' ? 'Ed25519' : 'P-256');
      return { kid: thumbprint(jwk), purpose, jwk };
    }) as KeysFile['keys'];
    rings.set(service, new Keyring({ version: 'sallyport.keys/1', gate, service, nonce_key: 'A'.repeat(43), keys }));
    for (const { kid, purpose, jwk } of keys) {
      trustFile.keys.push({ kid, purpose, service, jwk: { ...publicPart(jwk), kty: jwk.kty, crv: jwk.crv } });
    }
  }
  return { trust: new Trust(trustFile), keyring: (service) => rings.get(service) as Keyring };
}

export function makeAgentKey(crv: 'P-256' | 'Ed25519' = 'Ed25519'): SigningKey {
  return signingKey(generatePrivateJwk(crv));
}
