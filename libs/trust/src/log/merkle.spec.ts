import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { append, emptyFrontier, leafHash, rootOf } from './merkle.js';

/** RFC 6962 section 2.1, word for word and slow. */
function naiveRoot(leaves: Buffer[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return createHash('sha256').digest();
  if (leaves.length === 1) return leafHash(only);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return createHash('sha256')
    .update(Buffer.of(1))
    .update(naiveRoot(leaves.slice(0, k)))
    .update(naiveRoot(leaves.slice(k)))
    .digest();
}

const leaf = (n: number): Buffer => Buffer.from(`leaf ${n}`);
const leaves = (n: number): Buffer[] => Array.from({ length: n }, (_, i) => leaf(i));

describe('the Merkle tree', () => {
  it('gives the published root of the eight RFC 6962 test leaves', () => {
    const published = [
      '',
      '00',
      '10',
      '2021',
      '3031',
      '40414243',
      '5051525354555657',
      '606162636465666768696a6b6c6d6e6f',
    ];
    const frontier = append(
      emptyFrontier,
      published.map((hex) => leafHash(Buffer.from(hex, 'hex'))),
    );
    expect(rootOf(frontier).toString('hex')).toBe('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328');
  });

  it('agrees with the definition for every size from 0 to 300', () => {
    let frontier = emptyFrontier;
    for (let size = 0; size <= 300; size += 1) {
      expect(rootOf(frontier).equals(naiveRoot(leaves(size)))).toBe(true);
      frontier = append(frontier, [leafHash(leaf(size))]);
    }
  });

  it('does not depend on how leaves are batched', () => {
    const hashes = leaves(77).map(leafHash);
    const once = append(emptyFrontier, hashes);
    const twice = append(append(emptyFrontier, hashes.slice(0, 30)), hashes.slice(30));
    expect(twice).toEqual(once);
  });

  it('refuses a frontier that does not fit its size', () => {
    expect(() => append({ size: 3n, hashes: [] }, [leafHash(leaf(0))])).toThrow(RangeError);
  });
});
