interface End {
  partition: number;
  low: string;
  high: string;
}

/** Where each partition ended when the reading began, and whether the reading has come that far. */
export class ReadingEnds {
  readonly #ends = new Map<number, bigint>();

  constructor(ends: readonly End[]) {
    // Equal ends: nothing is there, or everything was deleted; no record will ever say that the end is reached.
    for (const { partition, low, high } of ends)
      if (BigInt(high) > BigInt(low)) this.#ends.set(partition, BigInt(high));
  }

  get isReached(): boolean {
    return this.#ends.size === 0;
  }

  /** Everything up to `lastOffset` was handed over. */
  reached(partition: number, lastOffset: string): void {
    const end = this.#ends.get(partition);
    if (end !== undefined && BigInt(lastOffset) + 1n >= end) this.#ends.delete(partition);
  }
}
