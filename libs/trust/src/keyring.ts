import type { KeyObject } from 'node:crypto';
import type { KeyPurpose } from '#contracts';
import { readKeysFile, type KeysFile } from './key-files.js';
import { signingKey, type SigningAlg, type SigningKey } from './jwk.js';
import { signCompact, signDetached } from './jws.js';
import { NonceSource } from './nonce.js';
import { sealText, unsealText } from './seal.js';
import { defaultType, type StatementType } from './statement-types.js';

/** One private key of this service. */
export interface GateKey {
  readonly kid: string;
  readonly purpose: KeyPurpose;
  readonly service: string;
  readonly privateKey: KeyObject;
  readonly alg: SigningAlg;
}

/** What this service may sign with. The private keys never leave it but as `keyFor` (audit's checkpoint notes need one). */
export class Keyring {
  readonly gate: string;
  readonly service: string;
  /** The nonces of this service's DPoP doors. */
  readonly nonces: NonceSource;
  readonly #keys: ReadonlyMap<KeyPurpose, SigningKey>;
  readonly #seal: Buffer | undefined;

  constructor(file: KeysFile) {
    this.gate = file.gate;
    this.service = file.service;
    this.nonces = new NonceSource(Buffer.from(file.nonce_key, 'base64url'));
    this.#seal = file.seal_key === undefined ? undefined : Buffer.from(file.seal_key, 'base64url');
    const keys = new Map<KeyPurpose, SigningKey>();
    for (const { purpose, jwk } of file.keys) if (!keys.has(purpose)) keys.set(purpose, signingKey(jwk));
    this.#keys = keys;
  }

  /** From `SALLYPORT_KEYS_FILE`. Throws KeyFileError. */
  static read(path: string): Keyring {
    return new Keyring(readKeysFile(path));
  }

  /** A compact JWS over the JSON of `payload`. Throws when this service has no key of that purpose. */
  sign<P extends KeyPurpose>(purpose: P, payload: object, typ: StatementType<P> = defaultType(purpose)): string {
    const key = this.#key(purpose);
    return signCompact(key, { kid: key.kid, typ }, JSON.stringify(payload));
  }

  /** A detached JWS over exactly these bytes; `header` stands beside `alg`, `kid` and `typ`. */
  signDetached<P extends KeyPurpose>(purpose: P, bytes: string | Uint8Array, header: object): string {
    const key = this.#key(purpose);
    return signDetached(key, { kid: key.kid, typ: defaultType(purpose), ...header }, bytes);
  }

  /** The key itself, for formats that are no JWS. */
  keyFor(purpose: KeyPurpose): GateKey {
    const { kid, alg, key } = this.#key(purpose);
    return { kid, alg, privateKey: key, purpose, service: this.service };
  }

  /** Seals text for this service's own database; `about` is what it belongs to and must be said again to open it. */
  seal(text: string, about: string): Buffer {
    return sealText(this.#sealKey(), text, about);
  }

  /** Undefined when it was sealed with another key, about something else, or changed since. */
  unseal(sealed: Buffer, about: string): string | undefined {
    return unsealText(this.#sealKey(), sealed, about);
  }

  #sealKey(): Buffer {
    if (this.#seal === undefined) throw new TypeError(`the keys file of ${this.service} has no seal_key`);
    return this.#seal;
  }

  #key(purpose: KeyPurpose): SigningKey {
    const key = this.#keys.get(purpose);
    if (key === undefined) throw new TypeError(`${this.service} has no key of purpose ${purpose}`);
    return key;
  }
}
