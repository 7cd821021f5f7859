/** Every needle has at least so many bytes: less would be found by chance. */
export const leastBytes = 16;

const blockBytes = 3;
const tableBits = 19;
/** Looked up once: inside Jest every look at a global costs more than the work on a byte. */
const { imul } = Math;
const farthest = leastBytes - blockBytes + 1;

/**
 * Looks for many byte strings in one pass (S. Wu and U. Manber, A fast algorithm for multi-pattern searching, 1994): the last three bytes of a
 * window of 16 say how far it may move. Random bytes are passed over about ten at a time, so hundreds of needles cost as little as a few.
 */
export class NeedleSearch {
  readonly #shifts = new Uint8Array(1 << tableBits).fill(farthest);
  readonly #ending = new Map<number, number[]>();
  readonly #needles: readonly Buffer[];

  constructor(needles: readonly Buffer[]) {
    this.#needles = needles;
    needles.forEach((needle, index) => {
      this.#learn(needle, index);
    });
  }

  /** The places, in the list of needles, of those that are inside. */
  find(bytes: Uint8Array): Set<number> {
    const found = new Set<number>();
    const shifts = this.#shifts;
    let end = leastBytes - 1;
    while (end < bytes.length) {
      const block = blockAt(bytes, end - 2);
      const shift = shifts[block] ?? farthest;
      if (shift === 0) this.#compare(bytes, end - leastBytes + 1, this.#ending.get(block) ?? [], found);
      end += shift === 0 ? 1 : shift;
    }
    return found;
  }

  #learn(needle: Buffer, index: number): void {
    if (needle.length < leastBytes)
      throw new RangeError(`a needle of ${String(needle.length)} bytes is found by chance`);
    for (let at = 0; at <= leastBytes - blockBytes; at += 1) {
      const block = blockAt(needle, at);
      this.#shifts[block] = Math.min(this.#shifts[block] ?? farthest, leastBytes - blockBytes - at);
    }
    const last = blockAt(needle, leastBytes - blockBytes);
    this.#ending.set(last, [...(this.#ending.get(last) ?? []), index]);
  }

  #compare(bytes: Uint8Array, start: number, candidates: readonly number[], found: Set<number>): void {
    for (const index of candidates) {
      const needle = this.#needles[index];
      if (needle?.equals(bytes.subarray(start, start + needle.length)) === true) found.add(index);
    }
  }
}

/** Three bytes in fewer bits, well mixed (D. E. Knuth, multiplicative hashing): text uses few of all triples. */
function blockAt(bytes: Uint8Array, at: number): number {
  const three = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
  return imul(three, 0x9e_37_79_b1) >>> (32 - tableBits);
}
