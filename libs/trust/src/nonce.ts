import { createHmac, timingSafeEqual } from 'node:crypto';

const lifeSeconds = 60;
/** How far ahead the clock of another instance may be. */
const skewSeconds = 5;

/**
 * DPoP nonces without a table (RFC 9449 section 8): the time and an HMAC of it. Every instance that has the key knows
 * the nonces of the others. Valid for 60 s; a proof's `jti` is remembered as long, so a nonce may be used by many proofs.
 */
export class NonceSource {
  readonly lifeSeconds = lifeSeconds;
  readonly #key: Buffer;

  constructor(key: Buffer) {
    if (key.length < 32) throw new TypeError('a nonce key has at least 32 bytes');
    this.#key = key;
  }

  issue(now = Date.now()): string {
    const time = Buffer.alloc(6);
    time.writeUIntBE(Math.floor(now / 1_000), 0, 6);
    return Buffer.concat([time, this.#mac(time)]).toString('base64url');
  }

  isValid(nonce: string, now = Date.now()): boolean {
    const bytes = Buffer.from(nonce, 'base64url');
    if (bytes.length !== 22) return false;
    const time = bytes.subarray(0, 6);
    if (!timingSafeEqual(bytes.subarray(6), this.#mac(time))) return false;
    const age = Math.floor(now / 1_000) - time.readUIntBE(0, 6);
    return age >= -skewSeconds && age <= lifeSeconds;
  }

  #mac(time: Buffer): Buffer {
    return createHmac('sha256', this.#key).update('sallyport/dpop-nonce/v1\0').update(time).digest().subarray(0, 16);
  }
}
