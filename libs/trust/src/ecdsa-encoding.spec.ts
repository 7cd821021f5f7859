import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromDer, toDer } from './ecdsa-encoding.js';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const data = Buffer.from('what is signed');
const jose = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;

/** Integers of all lengths, leading zeros and first bits set among them. */
const integer = fc
  .tuple(fc.integer({ min: 0, max: 32 }), fc.uint8Array({ minLength: 32, maxLength: 32 }))
  .map(([zeros, bytes]) => bytes.fill(0, 0, zeros));

describe('the encodings of an ECDSA signature', () => {
  it('are the same to Node, both ways', () => {
    for (let n = 0; n < 200; n += 1) {
      const der = sign('sha256', data, privateKey);
      expect(verify('sha256', data, jose, fromDer(der))).toBe(true);
      expect(toDer(fromDer(der))).toEqual(der);
    }
  });

  it('lose nothing, whatever the integers', () => {
    fc.assert(
      fc.property(integer, integer, (r, s) => {
        const signature = Buffer.concat([r, s]);
        expect(fromDer(toDer(signature))).toEqual(signature);
      }),
    );
  });

  it.each([
    ['only zeros', Buffer.alloc(64)],
    ['only ones', Buffer.alloc(64, 0xff)],
  ])('%s is no signature, and no exception', (_, signature) => {
    expect(verify('sha256', data, publicKey, toDer(signature))).toBe(false);
  });
});
