import type { z } from 'zod';
import type { KeyPurpose } from '#contracts';
import type { PublicJwk } from './jwk.js';
import { hasExactly, openCompact, openDetached, verifies, type JwsHeader, type OpenJws } from './jws.js';
import { readTrustFile, type TrustFile } from './key-files.js';
import { defaultType, type StatementType } from './statement-types.js';
import { pin, TrustSource, type PinnedKey } from './trust-source.js';

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
 * service that its key is pinned for. The file is looked at again at most once a second and read when its mtime has
 * changed; a file that is broken at that moment changes nothing, the keys known before stay in force.
 */
export class Trust {
  #file: TrustFile;
  #keys: ReadonlyMap<string, PinnedKey>;
  #source: TrustSource | undefined;

  constructor(file: TrustFile) {
    this.#file = file;
    this.#keys = pin(file);
  }

  /** From `SALLYPORT_TRUST_FILE`. Throws KeyFileError. `clock` in milliseconds, for how often the file is looked at. */
  static read(path: string, clock: () => number = () => performance.now()): Trust {
    const source = new TrustSource(path, clock);
    const trust = new Trust(readTrustFile(path));
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
    if (!this.#isSignedBy(open, expected)) return { ok: false };
    const payload = readOwn(open.payload);
    if (payload === undefined || (payload.gate ?? this.gate) !== this.gate) return { ok: false };
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
    return this.#isSignedBy(open, expected) ? { ok: true, header: open.header } : { ok: false };
  }

  /** JWKS (RFC 7517) for outsiders: the keys of one service, or all. Services themselves use the pinned file. */
  jwks(service?: string): { keys: (PublicJwk & { kid: string; use: 'sig'; alg: string })[] } {
    this.#refresh();
    const wanted = this.#file.keys.filter((key) => service === undefined || key.service === service);
    return {
      keys: wanted.map(({ kid, jwk }) => ({ ...jwk, kid, use: 'sig', alg: jwk.kty === 'EC' ? 'ES256' : 'EdDSA' })),
    };
  }

  #isSignedBy<P extends KeyPurpose>(open: OpenJws, expected: Expected<P>): boolean {
    const { kid, typ } = open.header;
    if (typeof kid !== 'string' || typ !== (expected.typ ?? defaultType(expected.purpose))) return false;
    this.#refresh();
    const key = this.#keys.get(kid);
    if (key?.purpose !== expected.purpose || key.service !== expected.service) return false;
    return verifies(open, key);
  }

  #refresh(): void {
    const file = this.#source?.changed();
    if (file === undefined || file.gate !== this.#file.gate) return;
    this.#keys = pin(file);
    this.#file = file;
  }
}

/** JSON that one of our own services wrote and signed: no need for the strict reader, which is five times slower. */
function readOwn(bytes: Buffer): { gate?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
