import type { TrustFile } from '../key-files.js';
import { pin } from '../pinned-keys.js';
import { verifierKey } from './note.js';

/** Names one incarnation of a gate's log; a restored one gets another name. */
export const logOrigin = (gate: string, logName: string): string => `${gate}/audit/${logName}`;

/**
 * What auditors keep (C2SP): with it and an earlier checkpoint an export is verified without trusting the gate any more. Two while
 * one key takes over from another; none for a key that is retired. Throws a TypeError when the file holds what is no key.
 */
export function verifierKeysIn(file: TrustFile, logName: string): string[] {
  const pinned = [...pin(file).values()];
  const signing = pinned.filter(({ purpose, service, retiredAt }) => {
    return purpose === 'checkpoint' && service === 'audit' && retiredAt === undefined;
  });
  return signing.map(({ key }) => verifierKey(logOrigin(file.gate, logName), key));
}
