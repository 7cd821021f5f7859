import { describe, expect, it } from '@jest/globals';
import { Coalescer, mostItems, type Slice } from './coalescer.js';
import type { Item } from './item.js';

const items = (count: number): Item[] => Array.from({ length: count }, () => ({ kind: 'skip' }));

class FakeSettler {
  readonly sizes: number[] = [];
  failure: unknown;
  /** Settled before the failure. */
  before = 0;

  settle(list: readonly Item[], settled: (count: number) => void): Promise<{ failure: unknown } | undefined> {
    this.sizes.push(list.length);
    if (this.failure === undefined) {
      settled(list.length);
      return Promise.resolve(undefined);
    }
    if (this.before > 0) settled(this.before);
    return Promise.resolve({ failure: this.failure });
  }
}

function aSlice(count: number, more: Partial<Slice> = {}): Slice & { done: number } {
  const slice = { items: items(count), alone: false, isStale: () => false, done: 0, settled: (n: number) => { slice.done += n; }, ...more }; // prettier-ignore
  return slice;
}

describe('the coalescer', () => {
  it('commits the slices of all partitions that wait in one transaction', async () => {
    const settler = new FakeSettler();
    const coalescer = new Coalescer(settler);
    const slices = [aSlice(3), aSlice(4), aSlice(5)];
    const ends = await Promise.all(slices.map((slice) => coalescer.offer(slice)));
    expect(settler.sizes).toEqual([12]);
    expect(ends).toEqual([{ end: 'settled' }, { end: 'settled' }, { end: 'settled' }]);
    expect(slices.map(({ done }) => done)).toEqual([3, 4, 5]);
  });

  it('takes a slice that is too large in pieces', async () => {
    const settler = new FakeSettler();
    const slice = aSlice(2 * mostItems + 1);
    await new Coalescer(settler).offer(slice);
    expect(settler.sizes).toEqual([mostItems, mostItems, 1]);
    expect(slice.done).toBe(2 * mostItems + 1);
  });

  it('tells each slice how far it came before a failure; those that came to their end do not fail', async () => {
    const settler = new FakeSettler();
    settler.failure = new Error('down');
    settler.before = 5;
    const coalescer = new Coalescer(settler);
    const slices = [aSlice(3), aSlice(4), aSlice(5)];
    const ends = await Promise.all(slices.map((slice) => coalescer.offer(slice)));
    expect(ends.map(({ end }) => end)).toEqual(['settled', 'failed', 'failed']);
    expect(slices.map(({ done }) => done)).toEqual([3, 2, 0]);
  });

  it('keeps a slice that has failed before apart from the others', async () => {
    const settler = new FakeSettler();
    const coalescer = new Coalescer(settler);
    await Promise.all(
      [aSlice(1), aSlice(2, { alone: true }), aSlice(3), aSlice(4)].map((slice) => coalescer.offer(slice)),
    );
    expect(settler.sizes).toEqual([1, 2, 7]);
  });

  it('drops what nobody waits for any more', async () => {
    const settler = new FakeSettler();
    const coalescer = new Coalescer(settler);
    expect(await coalescer.offer(aSlice(3, { isStale: () => true }))).toEqual({ end: 'stale' });
    expect(settler.sizes).toEqual([]);
    await coalescer.idle();
  });
});
