import type { KeyPurpose } from '#contracts';
import { generateKey, keysOfServices, publicOf, type KeysFile, type TrustFile } from './key-files.js';

/** The two files that one service's keys stand in. */
export interface GateFiles {
  keys: KeysFile;
  trust: TrustFile;
}

/** The files after a step, or why it is not taken. */
export type Step = { ok: true; kid: string; files: GateFiles } | { ok: false; why: string };

/**
 * How long a step waits for the one before, in seconds. A new key signs when every service has read the trust file; an old one is retired
 * when nothing that it signed last is still on its way: calls (35 s), nonces and deliveries (60 s).
 */
export const stepSeconds = { use: 5, retire: 90 } as const;

const no = (why: string): Step => ({ ok: false, why });

/** 1. A fresh key, pinned and published; the one before goes on signing. */
export function addKey({ keys, trust }: GateFiles, purpose: KeyPurpose): Step {
  if (keys.gate !== trust.gate) return no('the two files are of different gates');
  if (!(keysOfServices[keys.service] ?? []).includes(purpose)) return no(`${keys.service} has no key of this purpose`);
  if (keys.keys.filter((key) => key.purpose === purpose).length > 1)
    return no('there are two already: finish that rotation first');
  const key = generateKey(purpose);
  const { kid } = key;
  const pinned = { kid, purpose, service: keys.service, jwk: publicOf(key.jwk) };
  return done(kid, { ...keys, keys: [...keys.keys, key] }, { ...trust, keys: [...trust.keys, pinned] });
}

/** 2. It signs from now on; the one before verifies as ever, and may take over again. */
export function useKey({ keys, trust }: GateFiles, kid: string): Step {
  const key = keys.keys.find((each) => each.kid === kid);
  if (key === undefined) return no('the keys file has no such key');
  const pinned = trust.keys.find((each) => each.kid === kid);
  const isPinned = pinned?.purpose === key.purpose && pinned.service === keys.service;
  if (!isPinned || pinned.retired_at !== undefined) return no('the trust file does not hold it in force');
  return done(kid, { ...keys, keys: [key, ...keys.keys.filter((each) => each !== key)] }, trust);
}

/** 3. The private half is gone; what it signed before `at` (RFC 3339) stays verifiable, and nothing that says it was made later. */
export function retireKey({ keys, trust }: GateFiles, kid: string, at: string): Step {
  const pinned = trust.keys.find((each) => each.kid === kid);
  if (pinned?.service !== keys.service) return no(`the trust file has no such key of ${keys.service}`);
  if (pinned.retired_at !== undefined) return no(`it was retired at ${pinned.retired_at}`);
  if (signing(keys, pinned.purpose) === kid) return no('it is the one that signs: let another one sign first');
  const retired = trust.keys.map((each) => (each === pinned ? { ...each, retired_at: at } : each));
  return done(kid, { ...keys, keys: keys.keys.filter((each) => each.kid !== kid) }, { ...trust, keys: retired });
}

/** 4. Nothing that it ever signed verifies any more: for a key that was stolen, or whose last statement nobody needs. */
export function removeKey({ keys, trust }: GateFiles, kid: string): Step {
  const pinned = trust.keys.find((each) => each.kid === kid);
  if (pinned?.service !== keys.service) return no(`the trust file has no such key of ${keys.service}`);
  if (pinned.retired_at === undefined) return no('it is in force: retire it first');
  return done(kid, keys, { ...trust, keys: trust.keys.filter((each) => each !== pinned) });
}

export interface KeyLine {
  kid: string;
  purpose: KeyPurpose | 'seal';
  /** `unpinned` and `lost` are wrong: a private key that nobody believes, and a public one in force whose other half is not here. */
  state: 'signs' | 'waits' | 'retired' | 'unpinned' | 'lost';
  retired_at?: string;
}

/** Where each key of a service stands. */
export function keyLines({ keys, trust }: GateFiles): KeyLine[] {
  const pinned = trust.keys.filter(({ service }) => service === keys.service);
  const held = keys.keys.map(({ kid, purpose }): KeyLine => {
    if (!pinned.some((each) => each.kid === kid && each.retired_at === undefined))
      return { kid, purpose, state: 'unpinned' };
    return { kid, purpose, state: signing(keys, purpose) === kid ? 'signs' : 'waits' };
  });
  const elsewhere = pinned.filter(({ kid }) => !keys.keys.some((each) => each.kid === kid));
  const others = elsewhere.map(({ kid, purpose, retired_at }): KeyLine =>
    retired_at === undefined ? { kid, purpose, state: 'lost' } : { kid, purpose, state: 'retired', retired_at },
  );
  return [...held, ...others];
}

const signing = (keys: KeysFile, purpose: KeyPurpose): string | undefined =>
  keys.keys.find((key) => key.purpose === purpose)?.kid;

const done = (kid: string, keys: KeysFile, trust: TrustFile): Step => ({ ok: true, kid, files: { keys, trust } });
