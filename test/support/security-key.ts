import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import type { AssertionResponse, AttestationResponse } from '#contracts';

export interface Touch {
  challenge: string;
  origin: string;
  rpId: string;
  /** Whether the key has verified its person, by PIN or body. */
  verified?: boolean;
  /** What the browser says it is for. */
  type?: string;
}

/** A security key (WebAuthn Level 3, section 6) in software: one credential, ES256, without attestation. */
export class SecurityKey {
  readonly id = randomBytes(16);
  readonly #key: KeyObject;
  readonly #publicKey: Buffer;
  counter = 0;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    const [px, py] = [x, y].map((part) => Buffer.from(part, 'base64url'));
    this.#key = privateKey;
    // A COSE key (RFC 9053 section 7.1): EC2, ES256, P-256.
    this.#publicKey = cbor(new Map<number, unknown>([[1, 2], [3, -7], [-1, 1], [-2, px], [-3, py]])); // prettier-ignore
  }

  get name(): string {
    return this.id.toString('base64url');
  }

  create(touch: Touch): AttestationResponse {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.id.length);
    const credential = Buffer.concat([Buffer.alloc(16), length, this.id, this.#publicKey]);
    const authData = Buffer.concat([this.#data(touch, 0x40), credential]);
    const attestationObject = cbor(new Map<string, unknown>([['fmt', 'none'], ['attStmt', new Map()], ['authData', authData]])); // prettier-ignore
    const response = {
      attestationObject: attestationObject.toString('base64url'),
      clientDataJSON: clientData({ type: 'webauthn.create', ...touch }).toString('base64url'),
    };
    return { id: this.name, rawId: this.name, type: 'public-key', clientExtensionResults: {}, response };
  }

  get(touch: Touch): AssertionResponse {
    this.counter += 1;
    const authenticatorData = this.#data(touch, 0);
    const client = clientData({ type: 'webauthn.get', ...touch });
    const signed = Buffer.concat([authenticatorData, createHash('sha256').update(client).digest()]);
    const response = {
      authenticatorData: authenticatorData.toString('base64url'),
      clientDataJSON: client.toString('base64url'),
      signature: sign('sha256', signed, this.#key).toString('base64url'),
    };
    return { id: this.name, rawId: this.name, type: 'public-key', clientExtensionResults: {}, response };
  }

  #data({ rpId, verified = true }: Touch, more: number): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.counter);
    const flags = Buffer.from([0x01 | (verified ? 0x04 : 0) | more]);
    return Buffer.concat([createHash('sha256').update(rpId).digest(), flags, counter]);
  }
}

function clientData({ challenge, origin, type }: Touch): Buffer {
  return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
}

/** What of CBOR (RFC 8949) an authenticator needs. */
function cbor(value: unknown): Buffer {
  if (typeof value === 'number') return value >= 0 ? head(0, value) : head(1, -1 - value);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  if (value instanceof Map) return Buffer.concat([head(5, value.size), ...[...value].flat().map(cbor)]);
  throw new TypeError('not in this CBOR');
}

function head(major: number, length: number): Buffer {
  if (length < 24) return Buffer.from([(major << 5) | length]);
  if (length < 256) return Buffer.from([(major << 5) | 24, length]);
  return Buffer.from([(major << 5) | 25, length >> 8, length & 0xff]);
}
