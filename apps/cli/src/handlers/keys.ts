import { keyPurpose } from '#contracts';
import {
  addKey, keyLines, readKeysFile, readTrustFile, removeKey, retireKey, stepSeconds, useKey, type GateFiles, type KeyLine, type Step,
} from '#trust'; // prettier-ignore
import { ageOf, BadKeyFile, replaceFile } from '../io/key-file.js';
import { StepRefused } from '../io/failures.js';
import type { Output } from '../io/output.js';

/** Where the files lie. */
export interface KeyPlaces {
  keys: string;
  trust: string;
}

export function listKeys(output: Output, places: KeyPlaces): void {
  const { keys } = read(places);
  for (const line of keyLines(read(places))) output.result({ service: keys.service, ...line }, wordsOf(line));
}

export function addNewKey(output: Output, places: KeyPlaces, purpose: string): void {
  const known = keyPurpose.safeParse(purpose);
  if (!known.success) throw new BadKeyFile(`no such purpose; there are ${keyPurpose.options.join(', ')}`);
  const files = read(places);
  const step = taken(addKey(files, known.data));
  // First where it is believed: a crash between the two leaves a key that nobody has, which harms nobody.
  replaceFile(places.trust, step.files.trust);
  replaceFile(places.keys, step.files.keys);
  say(output, step, 'added', `It waits. When every trust file of the gate has it: sallyport keys use ${step.kid}`);
}

export function useNewKey(output: Output, places: KeyPlaces, kid: string): void {
  const step = taken(useKey(read(places), kid));
  requireAge(places.trust, stepSeconds.use, 'every service reads it within a second; copies take longer');
  replaceFile(places.keys, step.files.keys);
  say(output, step, 'used', 'It signs from now on. The one before verifies as ever: retire it in two minutes.');
}

/** @param atOnce for a stolen key: what it has signed just now, and is on its way, is refused as well */
export function retireOldKey(output: Output, places: KeyPlaces, ask: { kid: string; atOnce: boolean }): void {
  const step = taken(retireKey(read(places), ask.kid, new Date().toISOString()));
  if (!ask.atOnce) requireAge(places.keys, stepSeconds.retire, 'what the key signed last may be on its way');
  replaceFile(places.keys, step.files.keys);
  replaceFile(places.trust, step.files.trust);
  say(output, step, 'retired', 'What it signed until now stays verifiable; its private half is gone.');
}

export function removeOldKey(output: Output, places: KeyPlaces, kid: string): void {
  const step = taken(removeKey(read(places), kid));
  replaceFile(places.trust, step.files.trust);
  say(output, step, 'removed', 'Nothing that it ever signed verifies any more.');
}

function read({ keys, trust }: KeyPlaces): GateFiles {
  return { keys: readKeysFile(keys), trust: readTrustFile(trust) };
}

function taken(step: Step): Extract<Step, { ok: true }> {
  if (!step.ok) throw new StepRefused(`Nothing was changed: ${step.why}.`);
  return step;
}

function requireAge(path: string, seconds: number, why: string): void {
  const age = ageOf(path);
  if (age >= seconds) return;
  const wait = Math.ceil(seconds - age);
  throw new StepRefused(`Nothing was changed: ${path} is new (${why}). Again in ${String(wait)} s.`);
}

function say(output: Output, { kid }: { kid: string }, done: string, text: string): void {
  output.result({ kid, done }, `${kid} ${done}. ${text}`);
}

const stateWords: Record<KeyLine['state'], string> = {
  signs: 'signs',
  waits: 'waits, or has signed before: verifies',
  retired: 'retired: verifies what was said before',
  unpinned: 'WRONG: the trust file does not hold it in force',
  lost: 'WRONG: in force, and its private half is not in this keys file',
};

function wordsOf({ kid, purpose, state, retired_at }: KeyLine): string {
  const at = retired_at === undefined ? '' : ` ${retired_at}`;
  return `${purpose.padEnd(11)} ${kid}  ${stateWords[state]}${at}`;
}
