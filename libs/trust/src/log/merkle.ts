import { createHash } from 'node:crypto';

const leafPrefix = Buffer.of(0);
const nodePrefix = Buffer.of(1);

/** The hash of one leaf: SHA-256(0x00 || leaf), RFC 6962 section 2.1. */
export function leafHash(leaf: Buffer): Buffer {
  return createHash('sha256').update(leafPrefix).update(leaf).digest();
}

function nodeHash(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(nodePrefix).update(left).update(right).digest();
}

/**
 * The right edge of a Merkle tree: the roots of its complete subtrees, largest first. Enough to append leaves and to
 * compute the root, so that a log needs no other state than this and its size.
 */
export interface Frontier {
  size: bigint;
  /** One 32-byte hash for each 1 bit of `size`, from the highest bit down. */
  hashes: readonly Buffer[];
}

export const emptyFrontier: Frontier = { size: 0n, hashes: [] };

/** Appends leaf hashes in order. Amortised one node hash a leaf. */
export function append(frontier: Frontier, leafHashes: readonly Buffer[]): Frontier {
  const hashes = [...frontier.hashes];
  let size = frontier.size;
  for (const leaf of leafHashes) {
    let carry = leaf;
    for (let bits = size; (bits & 1n) === 1n; bits >>= 1n) {
      const left = hashes.pop();
      if (left === undefined) throw new RangeError('frontier has fewer hashes than its size says');
      carry = nodeHash(left, carry);
    }
    hashes.push(carry);
    size += 1n;
  }
  return { size, hashes };
}

/** The Merkle tree hash, RFC 6962 section 2.1; the hash of the empty string for an empty tree. */
export function rootOf(frontier: Frontier): Buffer {
  const [last, ...rest] = [...frontier.hashes].reverse();
  if (last === undefined) return createHash('sha256').digest();
  return rest.reduce((root, left) => nodeHash(left, root), last);
}
