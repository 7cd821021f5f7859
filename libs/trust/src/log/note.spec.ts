import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { formatCheckpoint, openNote, parseCheckpoint, parseVerifierKey, signNote, verifierKey } from './note.js';

const name = 'gate.example/audit/1';
const { privateKey } = generateKeyPairSync('ed25519');
const by = parseVerifierKey(verifierKey(name, privateKey));
if (by === undefined) throw new Error('the verifier key does not read back');
const text = formatCheckpoint({ origin: name, size: 12n, root: Buffer.alloc(32, 7) });
const note = signNote(text, name, privateKey);

describe('signed notes', () => {
  it('verifies the example of the C2SP specification', () => {
    const published = parseVerifierKey('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW');
    const example =
      "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
      '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
    expect(published).not.toBeUndefined();
    if (published !== undefined) expect(openNote(example, published)).toContain('cryptography');
  });

  it('opens what it signed', () => {
    expect(openNote(note, by)).toBe(text);
    expect(parseCheckpoint(text)).toEqual({ origin: name, size: 12n, root: Buffer.alloc(32, 7) });
  });

  it('finds every single changed byte', () => {
    const bytes = Buffer.from(note, 'utf8');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect([at, openNote(changed.toString('utf8'), by)]).toEqual([at, undefined]);
    }
  });

  it('opens for either key, when both of a rotation sign', () => {
    const next = generateKeyPairSync('ed25519').privateKey;
    const both = signNote(text, name, privateKey, next);
    for (const key of [privateKey, next]) {
      const keeper = parseVerifierKey(verifierKey(name, key));
      expect(keeper && openNote(both, keeper)).toBe(text);
    }
    expect(() => signNote(text, name)).toThrow('signed by somebody');
  });

  it('refuses another key of the same name', () => {
    const other = parseVerifierKey(verifierKey(name, generateKeyPairSync('ed25519').privateKey));
    expect(other).not.toBeUndefined();
    if (other !== undefined) expect(openNote(note, other)).toBeUndefined();
  });

  it('refuses a verifier key whose id does not fit its bytes', () => {
    expect(parseVerifierKey(verifierKey(name, privateKey).replace(/\+[0-9a-f]{8}\+/u, '+00000000+'))).toBeUndefined();
  });

  it.each(['a\n12\nAAAA\n', `a\n012\n${'A'.repeat(43)}=\n`, `a\n1\n${'A'.repeat(43)}=\nextension\n`, 'a\n1\n'])(
    'refuses %j as a checkpoint',
    (bad) => {
      expect(parseCheckpoint(bad)).toBeUndefined();
    },
  );
});
