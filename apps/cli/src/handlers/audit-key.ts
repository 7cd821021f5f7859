import { KeyFileError, readTrustFile, verifierKeysIn } from '#trust';

/** Throws KeyFileError where the file pins no key that signs checkpoints. */
export function verifierKeys(trustFile: string, logName: string): string[] {
  const keys = verifierKeysIn(readTrustFile(trustFile), logName);
  if (keys.length === 0) throw new KeyFileError(trustFile, 'pins no key that signs checkpoints');
  return keys;
}
