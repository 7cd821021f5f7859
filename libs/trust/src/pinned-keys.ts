import type { KeyPurpose } from '#contracts';
import { publicKey, type PublicKey } from './jwk.js';
import type { TrustFile } from './key-files.js';

export interface PinnedKey extends PublicKey {
  readonly purpose: KeyPurpose;
  readonly service: string;
  /** Milliseconds; undefined while it may sign. */
  readonly retiredAt: number | undefined;
}

/** The keys of a trust file, by kid. Throws a TypeError when one of them is no key. */
export function pin(file: TrustFile): ReadonlyMap<string, PinnedKey> {
  const keys = new Map<string, PinnedKey>();
  for (const { kid, purpose, service, jwk, retired_at } of file.keys) {
    const key = publicKey(jwk);
    if (key === undefined) throw new TypeError(`trust file: ${kid} is not a key`);
    const retiredAt = retired_at === undefined ? undefined : Date.parse(retired_at);
    keys.set(kid, { ...key, purpose, service, retiredAt });
  }
  return keys;
}

/** How long a person's key lives after that person was authenticated. Seconds. */
export const personKeySeconds = 8 * 3_600;

/**
 * Whether a key may have signed this: always while it is not retired; afterwards only what says itself that it was made before.
 * A statement that does not say when it was made (a delivery) is too old by then. Who has stolen a key can write any time into a
 * statement: only taking the key out of the trust file answers to a thief.
 */
export function mayHaveSigned({ retiredAt }: PinnedKey, said: Readonly<Record<string, unknown>>): boolean {
  if (retiredAt === undefined) return true;
  const at = statedAt(said);
  return at !== undefined && at <= retiredAt;
}

/** When a statement says that it was made, in milliseconds; of a person's key, when that person signed in. */
function statedAt(said: Readonly<Record<string, unknown>>): number | undefined {
  const { iat, until } = said;
  if (typeof iat === 'number') return iat * 1_000;
  const instant = said['received_at'] ?? said['changed_at'] ?? said['confirmed_at'];
  if (typeof instant === 'string') return Date.parse(instant);
  return typeof until === 'number' ? (until - personKeySeconds) * 1_000 : undefined;
}
