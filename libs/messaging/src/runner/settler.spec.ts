import { Fault, Log } from '#platform';
import { describe, expect, it } from '@jest/globals';
import type { Item } from './item.js';
import { Settler } from './settler.js';

const lane = { name: 'Handler', handle: () => Promise.resolve() };
const outage = new Fault('database_unavailable', { retryable: true });

function anEvent(n: number): Item {
  const value = Buffer.from(String(n));
  const event = {
    id: '',
    type: '',
    source: '',
    subject: `k${n}`,
    sequence: 1,
    time: '',
    traceparent: undefined,
    data: n,
  };
  return {
    kind: 'event',
    lane,
    event: { ...event, topic: 't', partition: 0, offset: String(n), key: `k${n}`, value, headers: {} },
  };
}

const aRaw = (n: number): Item => ({
  kind: 'raw',
  lane,
  record: {
    topic: 't',
    partition: 0,
    offset: String(n),
    key: Buffer.from('victim'),
    value: null,
    headers: {},
    timestamp: 0,
  },
});

const offsetOf = (item: Item): string =>
  item.kind === 'event' ? item.event.offset : item.kind === 'skip' ? '' : item.record.offset;

/** Commits what `reject` lets pass. */
class FakeTransaction {
  readonly committed: Item[] = [];
  runs = 0;
  reject: (items: readonly Item[]) => unknown = () => undefined;

  run(items: readonly Item[]): Promise<void> {
    this.runs += 1;
    const error = this.reject(items);
    if (error !== undefined) return Promise.reject(error instanceof Error ? error : new Error('not an error'));
    this.committed.push(...items);
    return Promise.resolve();
  }
}

function setUp(reject: FakeTransaction['reject'] = () => undefined) {
  const transaction = new FakeTransaction();
  transaction.reject = reject;
  const settler = new Settler(transaction, new Log('policy', 'error', { write: () => undefined }));
  let settled = 0;
  const settle = (items: readonly Item[]) => settler.settle(items, (count) => (settled += count));
  return { transaction, settle, settled: () => settled };
}

const events = (count: number): Item[] => Array.from({ length: count }, (_, n) => anEvent(n));
const has = (items: readonly Item[], kind: Item['kind'], offset: string) =>
  items.some((item) => item.kind === kind && offsetOf(item) === offset);

describe('settling a slice', () => {
  it('commits it in one transaction', async () => {
    const { transaction, settle, settled } = setUp();
    expect(await settle(events(10))).toBeUndefined();
    expect([transaction.runs, settled()]).toEqual([1, 10]);
  });

  it('holds an outage against no event: nothing is settled, nothing is searched for', async () => {
    const { transaction, settle, settled } = setUp(() => outage);
    expect(await settle(events(10))).toEqual({ failure: outage });
    expect([transaction.runs, settled()]).toEqual([1, 0]);
  });

  it('finds the one event that cannot be handled, buries it in its place, and handles all others once', async () => {
    const { transaction, settle, settled } = setUp((items) =>
      has(items, 'event', '6') ? new TypeError('bug') : undefined,
    );
    expect(await settle(events(10))).toBeUndefined();
    expect(settled()).toBe(10);
    expect(transaction.committed.map(offsetOf)).toEqual(events(10).map(offsetOf));
    expect(transaction.committed[6]).toMatchObject({
      kind: 'unreadable',
      holds: true,
      record: { key: 'k6', code: 'handler_failed' },
    });
  });

  it('gives an event three attempts alone before it is given up', async () => {
    let attempts = 0;
    const { transaction, settle } = setUp((items) =>
      has(items, 'event', '0') && (attempts += 1) < 3 ? new Error('once more') : undefined,
    );
    expect(await settle(events(1))).toBeUndefined();
    expect(transaction.committed[0]?.kind).toBe('event');
  });

  it('stops where an outage begins in the middle of the search; what is settled stays settled', async () => {
    const { settle, settled } = setUp((items) => {
      if (has(items, 'event', '9')) return outage;
      return has(items, 'event', '2') ? new TypeError('bug') : undefined;
    });
    const {
      transaction,
      settle: again,
      settled: done,
    } = setUp((items) => {
      if (items.length < 10 && has(items, 'event', '7')) return outage;
      return has(items, 'event', '2') ? new TypeError('bug') : undefined;
    });
    expect(await settle(events(10))).toEqual({ failure: outage });
    expect(settled()).toBe(0);
    expect(await again(events(10))).toEqual({ failure: outage });
    expect(done()).toBe(5);
    expect(transaction.committed.map(offsetOf)).toEqual(['0', '1', '2', '3', '4']);
  });

  it('a burial that meets an outage waits; it is never a letter without the end', async () => {
    const holds = (items: readonly Item[]) => items.some((item) => item.kind === 'unreadable' && item.holds);
    const isLetterOnly = (items: readonly Item[]) => items.some((item) => item.kind === 'unreadable' && !item.holds);
    const { settle, settled } = setUp((items) => {
      if (isLetterOnly(items)) return undefined;
      return holds(items) ? outage : new TypeError('bug');
    });
    expect(await settle(events(1))).toEqual({ failure: outage });
    expect(settled()).toBe(0);
  });

  it('where the end cannot be made because of a bug, the letter is written all the same', async () => {
    const { transaction, settle } = setUp((items) =>
      items.some((item) => item.kind === 'unreadable' && !item.holds) ? undefined : new TypeError('bug'),
    );
    expect(await settle(events(1))).toBeUndefined();
    expect(transaction.committed).toMatchObject([{ kind: 'unreadable', holds: false }]);
  });

  it('an untrusted record that no handler takes ends nothing: its key is its sender’s word', async () => {
    const { transaction, settle } = setUp((items) =>
      items.some(({ kind }) => kind === 'raw') ? new TypeError('bug') : undefined,
    );
    expect(await settle([aRaw(0)])).toBeUndefined();
    expect(transaction.committed).toMatchObject([{ kind: 'unreadable', holds: false, record: { key: 'victim' } }]);
  });
});
