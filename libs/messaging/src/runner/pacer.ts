import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Lets a consumer that has just finished a fetch gather for a moment before the next one. Without load the moment has
 * long passed and costs nothing; under load it makes a few full rounds out of many tiny ones.
 */
export class Pacer {
  #last = Number.NEGATIVE_INFINITY;
  #current: Promise<void> | undefined;

  constructor(
    private readonly paceMs: number,
    private readonly time: { now(): number; wait(ms: number): Promise<void> } = monotonic,
  ) {}

  /** Resolves `paceMs` after the end of the round before. All calls of one round share the wait. */
  turn(): Promise<void> {
    this.#current ??= this.#wait();
    return this.#current;
  }

  async #wait(): Promise<void> {
    await this.time.wait(Math.max(0, this.#last + this.paceMs - this.time.now()));
    this.#last = this.time.now();
    this.#current = undefined;
  }
}

const monotonic = {
  now: () => performance.now(),
  wait: async (ms: number): Promise<void> => {
    if (ms > 0) await sleep(ms);
    else await new Promise(setImmediate);
  },
};
