import { freshSecret } from './fresh-secret.js';
import { sealingServices, sealKeysOf } from './key-files.js';
import type { GateFiles, KeyLine, Step } from './rotation.js';
import { kekId } from './seal.js';

/** The purpose, as an operator names it, of the keys that wrap data keys. They are nobody's but the service's, and no trust file has them. */
export const sealPurpose = 'seal';

const no = (why: string): Step => ({ ok: false, why });

const idOf = (secret: string): string => kekId(Buffer.from(secret, 'base64url'));

export function isSealKey({ keys }: GateFiles, id: string): boolean {
  return sealKeysOf(keys).some((secret) => idOf(secret) === id);
}

/** 1. A fresh key that unwraps; the one before goes on wrapping. */
export function addSealKey(files: GateFiles): Step {
  if (!sealingServices.has(files.keys.service)) return no(`${files.keys.service} seals nothing`);
  const known = sealKeysOf(files.keys);
  if (known.length > 1) return no('there are two already: finish that rotation first');
  const secret = freshSecret();
  return done(files, idOf(secret), [...known, secret]);
}

/** 2. It wraps from now on, and the service wraps anew what the one before has wrapped. */
export function useSealKey(files: GateFiles, id: string): Step {
  const known = sealKeysOf(files.keys);
  const chosen = known.filter((secret) => idOf(secret) === id);
  if (chosen.length === 0) return no('the keys file has no such key');
  return done(files, id, [...chosen, ...known.filter((secret) => idOf(secret) !== id)]);
}

/** 3. It is gone, and with it whatever is still under it. */
export function dropSealKey(files: GateFiles, id: string): Step {
  const [first, ...others] = sealKeysOf(files.keys);
  if (first === undefined || idOf(first) === id) return no('it is the one that wraps: let another one wrap first');
  if (!others.some((secret) => idOf(secret) === id)) return no('the keys file has no such key');
  return done(files, id, [first, ...others.filter((secret) => idOf(secret) !== id)]);
}

export function sealLines({ keys }: GateFiles): KeyLine[] {
  return sealKeysOf(keys).map((secret, at) => ({
    kid: idOf(secret),
    purpose: sealPurpose,
    state: at === 0 ? 'signs' : 'waits',
  }));
}

function done({ keys, trust }: GateFiles, kid: string, secrets: string[]): Step {
  return { ok: true, kid, files: { keys: { ...keys, seal_key: undefined, seal_keys: secrets }, trust } };
}
