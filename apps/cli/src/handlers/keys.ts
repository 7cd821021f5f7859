import { keyPurpose } from '#contracts';
import {
  addKey, addSealKey, dropSealKey, isSealKey, keyLines, readKeysFile, readTrustFile, removeKey, retireKey, sealLines, sealPurpose,
  stepSeconds, useKey, useSealKey, type GateFiles, type KeyLine, type Step,
} from '#trust'; // prettier-ignore
import { ageOf, BadKeyFile, replaceFile } from '../io/key-file.js';
import { StepRefused } from '../io/failures.js';
import type { Output } from '../io/output.js';

/** Where the files lie. */
export interface KeyPlaces {
  keys: string;
  trust: string;
}

export interface RetireAsk {
  kid: string;
  atOnce: boolean;
  /** Of a key that wraps: whoever runs this has seen that nothing is under it any more. */
  nothingLeft: boolean;
}

const purposes = [...keyPurpose.options, sealPurpose];

export function listKeys(output: Output, places: KeyPlaces): void {
  const files = read(places);
  const { keys } = files;
  for (const line of [...keyLines(files), ...sealLines(files)])
    output.result({ service: keys.service, ...line }, wordsOf(line));
}

export function addNewKey(output: Output, places: KeyPlaces, purpose: string): void {
  if (purpose === sealPurpose) {
    addNewSealKey(output, places);
    return;
  }
  const known = keyPurpose.safeParse(purpose);
  if (!known.success) throw new BadKeyFile(`no such purpose; there are ${purposes.join(', ')}`);
  const step = taken(addKey(read(places), known.data));
  // First where it is believed: a crash between the two leaves a key that nobody has, which harms nobody.
  replaceFile(places.trust, step.files.trust);
  replaceFile(places.keys, step.files.keys);
  say(output, step, 'added', `It waits. When every trust file of the gate has it: sallyport keys use ${step.kid}`);
}

function addNewSealKey(output: Output, places: KeyPlaces): void {
  const step = taken(addSealKey(read(places)));
  replaceFile(places.keys, step.files.keys);
  say(output, step, 'added', `It waits. When every instance of the service has it: sallyport keys use ${step.kid}`);
}

export function useNewKey(output: Output, places: KeyPlaces, kid: string): void {
  const files = read(places);
  if (isSealKey(files, kid)) {
    useNewSealKey(output, places, useSealKey(files, kid));
    return;
  }
  const step = taken(useKey(files, kid));
  requireAge(places.trust, stepSeconds.use, 'every service reads it within a second; copies take longer');
  replaceFile(places.keys, step.files.keys);
  say(output, step, 'used', 'It signs from now on. The one before verifies as ever: retire it in two minutes.');
}

function useNewSealKey(output: Output, places: KeyPlaces, asked: Step): void {
  const step = taken(asked);
  requireAge(places.keys, stepSeconds.use, 'every instance reads it within a second; copies take longer');
  replaceFile(places.keys, step.files.keys);
  say(output, step, 'used', 'It wraps from now on, and the service wraps anew what the one before has wrapped.');
}

/** A key that wraps is destroyed: what is still under it can never be opened. */
function dropOldSealKey(output: Output, places: KeyPlaces, ask: RetireAsk): void {
  const step = taken(dropSealKey(read(places), ask.kid));
  if (!ask.nothingLeft)
    throw new StepRefused(
      'Nothing was changed: what is still under this key would be lost. When `/readyz` of the service, part `sealed`, counts nothing under it: --nothing-left.',
    );
  if (!ask.atOnce) requireAge(places.keys, stepSeconds.retire, 'what it sealed for a minute may still be fetched');
  replaceFile(places.keys, step.files.keys);
  say(output, step, 'destroyed', 'What was still under it can no longer be opened.');
}

/** @param atOnce for a stolen key: what it has signed just now, and is on its way, is refused as well */
export function retireOldKey(output: Output, places: KeyPlaces, ask: RetireAsk): void {
  const files = read(places);
  if (isSealKey(files, ask.kid)) {
    dropOldSealKey(output, places, ask);
    return;
  }
  const step = taken(retireKey(files, ask.kid, new Date().toISOString()));
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
  signs: 'signs, or wraps',
  waits: 'waits, or has signed before: verifies',
  retired: 'retired: verifies what was said before',
  unpinned: 'WRONG: the trust file does not hold it in force',
  lost: 'WRONG: in force, and its private half is not in this keys file',
};

function wordsOf({ kid, purpose, state, retired_at }: KeyLine): string {
  const at = retired_at === undefined ? '' : ` ${retired_at}`;
  return `${purpose.padEnd(11)} ${kid}  ${stateWords[state]}${at}`;
}
