import { statSync } from 'node:fs';
import type { KeyPurpose } from '#contracts';
import { publicKey, type PublicKey } from './jwk.js';
import { readTrustFile, type TrustFile } from './key-files.js';

export interface PinnedKey extends PublicKey {
  readonly purpose: KeyPurpose;
  readonly service: string;
}

/** The keys of a trust file, by kid. Throws a TypeError when one of them is no key. */
export function pin(file: TrustFile): ReadonlyMap<string, PinnedKey> {
  const keys = new Map<string, PinnedKey>();
  for (const { kid, purpose, service, jwk } of file.keys) {
    const key = publicKey(jwk);
    if (key === undefined) throw new TypeError(`trust file: ${kid} is not a key`);
    keys.set(kid, { ...key, purpose, service });
  }
  return keys;
}

/** The file behind a Trust, and when it was last looked at. */
export class TrustSource {
  #modified: number;
  #lookedAt: number;

  constructor(
    readonly path: string,
    readonly clock: () => number,
  ) {
    this.#lookedAt = clock();
    this.#modified = modifiedAt(path) ?? 0;
  }

  changed(): TrustFile | undefined {
    const now = this.clock();
    if (now - this.#lookedAt < 1_000) return undefined;
    this.#lookedAt = now;
    const modified = modifiedAt(this.path);
    if (modified === undefined || modified === this.#modified) return undefined;
    const file = readOrNothing(this.path);
    if (file !== undefined) this.#modified = modified;
    return file;
  }
}

function modifiedAt(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

function readOrNothing(path: string): TrustFile | undefined {
  try {
    const file = readTrustFile(path);
    pin(file);
    return file;
  } catch {
    // Half written or broken: looked at again a second later.
    return undefined;
  }
}
