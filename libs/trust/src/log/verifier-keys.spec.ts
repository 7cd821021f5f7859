import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeys, readTrustFile, type TrustFile } from '../key-files.js';
import { Keyring } from '../keyring.js';
import { openNote, parseVerifierKey, signNote } from './note.js';
import { logOrigin, verifierKeysIn } from './verifier-keys.js';

const dir = mkdtempSync(join(tmpdir(), 'sallyport-verifier-'));
const files = generateKeys('gate.test.example', dir);
const trust = readTrustFile(files.trustFile);
afterAll(() => {
  rmSync(dir, { recursive: true });
});

const retired = (file: TrustFile): TrustFile => ({
  ...file,
  keys: file.keys.map((key) =>
    key.purpose === 'checkpoint' ? { ...key, retired_at: '2026-01-01T00:00:00.000Z' } : key,
  ),
});

describe('what an auditor keeps', () => {
  it('opens what audit signs, for this log and no other', () => {
    const [key = '', ...more] = verifierKeysIn(trust, '1');
    const by = parseVerifierKey(key);
    const signing = Keyring.read(files.keysFiles['audit'] ?? '').keysFor('checkpoint').map(({ privateKey }) => privateKey);
    const signed = (log: string): string => signNote('text\n', logOrigin(trust.gate, log), ...signing);
    expect(more).toEqual([]);
    expect(by && openNote(signed('1'), by)).toBe('text\n');
    expect(by && openNote(signed('2'), by)).toBeUndefined();
  });

  it('is no key that is retired', () => {
    expect(verifierKeysIn(retired(trust), '1')).toEqual([]);
  });
}); // prettier-ignore
