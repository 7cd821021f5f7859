import type { KeyObject } from 'node:crypto';
import type { KeyPurpose } from '#contracts';
import { KeyFileError, readKeysFile, sealKeysOf, type KeysFile } from './key-files.js';
import { signingKey, type SigningAlg, type SigningKey } from './jwk.js';
import { signCompact, signDetached } from './jws.js';
import { NonceSource } from './nonce.js';
import { kekId, sealText, unsealText, unwrapKey, wrapKey, type WrappedKey } from './seal.js';
import { defaultType, type StatementType } from './statement-types.js';
import type { Trust } from './trust.js';
import { WatchedFile, type FileState } from './watched-file.js';

/** One private key of this service. */
export interface GateKey {
  readonly kid: string;
  readonly purpose: KeyPurpose;
  readonly service: string;
  readonly privateKey: KeyObject;
  readonly alg: SigningAlg;
}

/** What a keys file holds, ready for use. */
interface Ring {
  nonces: NonceSource;
  /** By purpose, in the order of the file: the first signs. */
  keys: ReadonlyMap<KeyPurpose, readonly SigningKey[]>;
  /** The first seals. */
  seal: readonly Buffer[];
}

/**
 * What this service may sign with. The private keys never leave it but as `keysFor` (audit's checkpoint notes need them). The file is
 * read again when it changes; one that is refused changes nothing.
 */
export class Keyring {
  readonly gate: string;
  readonly service: string;
  #ring: Ring;
  #source: WatchedFile<KeysFile> | undefined;

  constructor(file: KeysFile) {
    this.gate = file.gate;
    this.service = file.service;
    this.#ring = ringOf(file);
  }

  /**
   * From `SALLYPORT_KEYS_FILE`. With `trust`, a file whose signing keys are not pinned there is refused until they are: what they sign
   * would count as forged. Throws KeyFileError. `clock` in milliseconds, for how often the file is looked at.
   */
  static read(path: string, trust?: Trust, clock: () => number = () => performance.now()): Keyring {
    const source = new WatchedFile(path, (from) => readFor(from, keyring, trust), clock);
    const file = readKeysFile(path);
    const keyring: Keyring = new Keyring(file);
    requirePinned(path, file, trust);
    keyring.#source = source;
    return keyring;
  }

  /** The nonces of this service's DPoP doors. */
  get nonces(): NonceSource {
    return this.#now().nonces;
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
    return this.#gateKey(purpose, this.#key(purpose));
  }

  /** The one that signs first, then those that wait for their turn. */
  keysFor(purpose: KeyPurpose): GateKey[] {
    return (this.#now().keys.get(purpose) ?? []).map((key) => this.#gateKey(purpose, key));
  }

  /** The kid that signs, for each purpose of this service. */
  signing(): [purpose: KeyPurpose, kid: string][] {
    return [...this.#now().keys].flatMap(([purpose, [first]]) => (first === undefined ? [] : [[purpose, first.kid]]));
  }

  /** Seals text for this service's own database; `about` is what it belongs to and must be said again to open it. */
  seal(text: string, about: string): Buffer {
    return sealText(this.#sealKeys()[0], text, about);
  }

  /** Undefined when it was sealed with another key, about something else, or changed since. */
  unseal(sealed: Buffer, about: string): string | undefined {
    for (const key of this.#sealKeys()) {
      const text = unsealText(key, sealed, about);
      if (text !== undefined) return text;
    }
    return undefined;
  }

  /** The id of the key that seals and wraps now. */
  sealingId(): string {
    return kekId(this.#sealKeys()[0]);
  }

  wrap(dataKey: Buffer): WrappedKey {
    return wrapKey(this.#sealKeys()[0], dataKey);
  }

  /** Undefined when it was wrapped with a key that is not in the file, or changed since. */
  unwrap(key: WrappedKey): Buffer | undefined {
    const kek = this.#sealKeys().find((each) => kekId(each) === key.kek);
    return kek && unwrapKey(kek, key);
  }

  /** Looks whether the file has changed, and takes it up. Undefined where there is no file. */
  look(): FileState | undefined {
    this.#now();
    return this.#source?.state;
  }

  #sealKeys(): readonly [Buffer, ...Buffer[]] {
    const [first, ...others] = this.#now().seal;
    if (first === undefined) throw new TypeError(`the keys file of ${this.service} has no seal_key`);
    return [first, ...others];
  }

  #key(purpose: KeyPurpose): SigningKey {
    const [key] = this.#now().keys.get(purpose) ?? [];
    if (key === undefined) throw new TypeError(`${this.service} has no key of purpose ${purpose}`);
    return key;
  }

  #gateKey(purpose: KeyPurpose, { kid, alg, key }: SigningKey): GateKey {
    return { kid, alg, privateKey: key, purpose, service: this.service };
  }

  #now(): Ring {
    const file = this.#source?.changed();
    if (file !== undefined) this.#ring = ringOf(file);
    return this.#ring;
  }
}

function ringOf(file: KeysFile): Ring {
  const keys = new Map<KeyPurpose, SigningKey[]>();
  for (const { purpose, jwk } of file.keys) keys.set(purpose, [...(keys.get(purpose) ?? []), signingKey(jwk)]);
  return {
    nonces: new NonceSource(Buffer.from(file.nonce_key, 'base64url')),
    keys,
    seal: sealKeysOf(file).map((secret) => Buffer.from(secret, 'base64url')),
  };
}

/** A changed file, if it may take the place of the one before. Throws KeyFileError. */
function readFor(path: string, { gate, service }: Keyring, trust: Trust | undefined): KeysFile {
  const file = readKeysFile(path);
  if (file.gate !== gate || file.service !== service) {
    throw new KeyFileError(path, `is of ${file.service} of ${file.gate}`);
  }
  ringOf(file);
  requirePinned(path, file, trust);
  return file;
}

function requirePinned(path: string, { keys, service }: KeysFile, trust: Trust | undefined): void {
  if (trust === undefined) return;
  const signing = keys.filter((key, at) => keys.findIndex(({ purpose }) => purpose === key.purpose) === at);
  const unknown = signing.filter(({ kid, purpose }) => !trust.pins(kid, { purpose, service }));
  if (unknown.length === 0) return;
  const names = unknown.map(({ kid, purpose }) => `${purpose} (${kid})`).join(', ');
  throw new KeyFileError(path, `would sign with what the trust file does not hold in force: ${names}`);
}
