import type { z } from 'zod';
import type { KeyPurpose } from '#contracts';
import type { PublicJwk } from './jwk.js';
import { hasExactly, openCompact, openDetached, verifies, type JwsHeader, type OpenJws } from './jws.js';
import { KeyFileError, readTrustFile, type TrustFile } from './key-files.js';
import { mayHaveSigned, pin, type PinnedKey } from './pinned-keys.js';
import { defaultType, type StatementType } from './statement-types.js';
import { WatchedFile, type FileState } from './watched-file.js';

/** Who must have signed, and what. */
export interface Expected<P extends KeyPurpose = KeyPurpose> {
  purpose: P;
  service: string;
  typ?: StatementType<P>;
}

export type Verified<T> = { ok: true; payload: T } | { ok: false };
export type VerifiedDetached = { ok: true; header: JwsHeader } | { ok: false };

/**
 * The pinned public keys of the gate, from `SALLYPORT_TRUST_FILE`. A signature counts only for the purpose and the
 * service that its key is pinned for, and by a retired key only on what was said before. The file is read again when it
 * changes; one that is refused changes nothing, the keys known before stay in force.
 */
export class Trust {
  #file: TrustFile;
  #keys: ReadonlyMap<string, PinnedKey>;
  #source: WatchedFile<TrustFile> | undefined;

  constructor(file: TrustFile) {
    this.#file = file;
    this.#keys = pin(file);
  }

  /** From `SALLYPORT_TRUST_FILE`. Throws KeyFileError. `clock` in milliseconds, for how often the file is looked at. */
  static read(path: string, clock: () => number = () => performance.now()): Trust {
    // Before the first reading, so that a change between the two is seen.
    const source = new WatchedFile(path, (from) => readPinned(from, trust.gate), clock);
    const trust: Trust = new Trust(readTrustFile(path));
    trust.#source = source;
    return trust;
  }

  get gate(): string {
    return this.#file.gate;
  }

  /**
   * Verifies a compact JWS of the gate: exactly `alg`, `kid` and `typ` in the header, a key pinned for this purpose
   * and service, the signature, the schema, and `gate` where the payload has one.
   */
  verify<S extends z.ZodType, P extends KeyPurpose>(
    jws: string,
    expected: Expected<P> & { schema: S },
  ): Verified<z.output<S>> {
    const open = openCompact(jws);
    if (open === undefined || !hasExactly(open.header, ['alg', 'kid', 'typ'])) return { ok: false };
    const key = this.#signerOf(open, expected);
    if (key === undefined) return { ok: false };
    const payload = readOwn(open.payload);
    if (payload === undefined || (payload['gate'] ?? this.gate) !== this.gate) return { ok: false };
    if (!mayHaveSigned(key, payload)) return { ok: false };
    const parsed = expected.schema.safeParse(payload);
    return parsed.success ? { ok: true, payload: parsed.data } : { ok: false };
  }

  /** Verifies a detached JWS over these bytes. `header` names what must stand beside `alg`, `kid` and `typ`; read its values from the answer. */
  verifyDetached<P extends KeyPurpose>(
    bytes: Uint8Array,
    signature: string,
    expected: Expected<P> & { header: readonly string[] },
  ): VerifiedDetached {
    const open = openDetached(signature, bytes);
    if (open === undefined || !hasExactly(open.header, ['alg', 'kid', 'typ', ...expected.header])) return { ok: false };
    const key = this.#signerOf(open, expected);
    return key !== undefined && mayHaveSigned(key, open.header) ? { ok: true, header: open.header } : { ok: false };
  }

  /** JWKS (RFC 7517) for outsiders: the keys of one service, or all. Services themselves use the pinned file. */
  jwks(service?: string): { keys: (PublicJwk & { kid: string; use: 'sig'; alg: string })[] } {
    this.#refresh();
    const wanted = this.#file.keys.filter((key) => service === undefined || key.service === service);
    return {
      keys: wanted.map(({ kid, jwk }) => ({ ...jwk, kid, use: 'sig', alg: jwk.kty === 'EC' ? 'ES256' : 'EdDSA' })),
    };
  }

  /** Looks whether the file has changed, and takes it up. Undefined where there is no file. */
  look(): FileState | undefined {
    this.#refresh();
    return this.#source?.state;
  }

  /** Whether what this key signs now would be believed: pinned for this purpose of this service, and not retired. */
  pins(kid: string, { purpose, service }: Pick<Expected, 'purpose' | 'service'>): boolean {
    this.#refresh();
    const key = this.#keys.get(kid);
    return key?.purpose === purpose && key.service === service && key.retiredAt === undefined;
  }

  /** How many keys verify, and how many of them only what was said before. */
  counts(): { pinned: number; retired: number } {
    const keys = [...this.#keys.values()];
    return { pinned: keys.length, retired: keys.filter(({ retiredAt }) => retiredAt !== undefined).length };
  }

  #signerOf<P extends KeyPurpose>(open: OpenJws, expected: Expected<P>): PinnedKey | undefined {
    const { kid, typ } = open.header;
    if (typeof kid !== 'string' || typ !== (expected.typ ?? defaultType(expected.purpose))) return undefined;
    this.#refresh();
    const key = this.#keys.get(kid);
    if (key?.purpose !== expected.purpose || key.service !== expected.service) return undefined;
    return verifies(open, key) ? key : undefined;
  }

  #refresh(): void {
    const file = this.#source?.changed();
    if (file === undefined) return;
    this.#keys = pin(file);
    this.#file = file;
  }
}

/** Throws KeyFileError: also for the file of another gate, and for one with something that is no key. */
function readPinned(path: string, gate: string): TrustFile {
  const file = readTrustFile(path);
  if (file.gate !== gate) throw new KeyFileError(path, `is of another gate, ${file.gate}`);
  pin(file);
  return file;
}

/** JSON that one of our own services wrote and signed: no need for the strict reader, which is five times slower. */
function readOwn(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
