import type { Item } from './item.js';

/** What one `eachBatch` call wants settled. */
export interface Slice {
  items: readonly Item[];
  /** Not together with others: its partition failed last time, and must not hold them up again. */
  alone: boolean;
  /** True once nobody waits for it any more: the consumer stops or has moved elsewhere. */
  isStale(): boolean;
  /** `count` more items, in order, are committed. */
  settled(count: number): void;
}

export type SliceEnd = { end: 'settled' } | { end: 'stale' } | { end: 'failed'; error: unknown };

export interface Settles {
  settle(items: readonly Item[], settled: (count: number) => void): Promise<{ failure: unknown } | undefined>;
}

interface Waiting {
  slice: Slice;
  /** Items that are settled. */
  done: number;
  finish(end: SliceEnd): void;
}

interface Part {
  waiting: Waiting;
  count: number;
}

/** Most items of one transaction. */
export const mostItems = 300;

/**
 * kafkajs calls once per partition and fetches again only when all calls have returned. So calls put their slices here,
 * and one transaction commits whatever waits: one commit for six partitions instead of six. One transaction at a time.
 */
export class Coalescer {
  readonly #queue: Waiting[] = [];
  #pump: Promise<void> | undefined;

  constructor(private readonly settler: Settles) {}

  /** Resolves when every item of the slice is settled, or no more of them will be. Never rejects. */
  offer(slice: Slice): Promise<SliceEnd> {
    const { promise, resolve } = Promise.withResolvers<SliceEnd>();
    this.#queue.push({ slice, done: 0, finish: resolve });
    this.#pump ??= this.#run();
    return promise;
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    await this.#pump;
  }

  async #run(): Promise<void> {
    // The calls for the other partitions of the same fetch arrive within this turn of the event loop.
    await new Promise(setImmediate);
    for (let parts = this.#gather(); parts.length > 0; parts = this.#gather()) await this.#commit(parts);
    this.#pump = undefined;
  }

  /** Takes from the front of the queue what goes into the next transaction. */
  #gather(): Part[] {
    this.#dropStale();
    const parts: Part[] = [];
    let room = mostItems;
    for (const waiting of this.#queue) {
      if (room === 0 || (waiting.slice.alone && parts.length > 0)) break;
      const count = Math.min(room, waiting.slice.items.length - waiting.done);
      parts.push({ waiting, count });
      room -= count;
      if (waiting.slice.alone) break;
    }
    return parts;
  }

  async #commit(parts: readonly Part[]): Promise<void> {
    const items = parts.flatMap(({ waiting, count }) => waiting.slice.items.slice(waiting.done, waiting.done + count));
    const shares = parts.map(({ waiting, count }) => ({ waiting, left: count }));
    const failed = await this.settler.settle(items, (count) => {
      share(shares, count);
    });
    for (const { waiting, left } of shares) {
      if (failed && left > 0) this.#finish(waiting, { end: 'failed', error: failed.failure });
      else if (waiting.done === waiting.slice.items.length) this.#finish(waiting, { end: 'settled' });
    }
  }

  #dropStale(): void {
    for (const waiting of [...this.#queue]) if (waiting.slice.isStale()) this.#finish(waiting, { end: 'stale' });
  }

  #finish(waiting: Waiting, end: SliceEnd): void {
    this.#queue.splice(this.#queue.indexOf(waiting), 1);
    waiting.finish(end);
  }
}

/** Gives `count` settled items to the slices in turn: the settler keeps the order of the list. */
function share(shares: { waiting: Waiting; left: number }[], count: number): void {
  let rest = count;
  for (const part of shares) {
    const taken = Math.min(rest, part.left);
    if (taken === 0) continue;
    part.left -= taken;
    part.waiting.done += taken;
    part.waiting.slice.settled(taken);
    rest -= taken;
  }
}
