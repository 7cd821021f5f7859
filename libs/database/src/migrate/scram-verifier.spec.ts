import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { scramVerifier } from './scram-verifier.js';

describe('a SCRAM verifier', () => {
  it('proves the server signature of the example in RFC 7677 section 3', () => {
    const verifier = scramVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'));
    const [, salt, serverKey] = /^SCRAM-SHA-256\$4096:([^$]+)\$[^:]+:(.+)$/u.exec(verifier) ?? [];
    expect(salt).toBe('W22ZaJ0SNY7soEsUEjb6gQ==');
    const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
    const authMessage = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${nonce},s=${String(salt)},i=4096,c=biws,r=${nonce}`;
    const signature = createHmac('sha256', Buffer.from(serverKey ?? '', 'base64'))
      .update(authMessage)
      .digest('base64');
    expect(signature).toBe('6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
  });

  it('is salted', () => {
    expect(scramVerifier('pencil')).not.toBe(scramVerifier('pencil'));
  });

  it('is not made for a password that server and client could prepare differently', () => {
    for (const password of ['', 'two words', 'péage', 'a\u0000b'])
      expect(() => scramVerifier(password)).toThrow('ASCII');
  });
});
