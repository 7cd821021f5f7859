import { Log } from '#platform';
import { afterEach, describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { laneOf, type OutboxRow } from './outbox-row.js';
import type { Except } from './outbox-table.js';
import { Relay, type RelayTable } from './relay.js';
import type { Trouble } from './send-trouble.js';

const aRow = (id: number, more: Partial<OutboxRow> = {}): OutboxRow => ({
  id: String(id),
  topic: 't',
  key: `k${id % 3}`,
  headers: {},
  value: Buffer.from('x'),
  ...more,
});

/** The rows of one writer, and whether the database answers. */
class FakeTable implements RelayTable {
  rows: OutboxRow[] = [];
  reads = 0;
  down = false;

  read(limit: number, except: Except): Promise<OutboxRow[]> {
    if (this.down) return Promise.reject(new Error('database down'));
    this.reads += 1;
    const held = new Set(except.lanes.map(laneOf));
    const open = this.rows.filter((row) => !except.topics.includes(row.topic) && !held.has(laneOf(row)));
    return Promise.resolve(open.slice(0, limit));
  }

  first(topic: string): Promise<OutboxRow | undefined> {
    return Promise.resolve(this.rows.find((row) => row.topic === topic));
  }

  remove(ids: readonly string[]): Promise<void> {
    if (this.down) return Promise.reject(new Error('database down'));
    this.rows = this.rows.filter(({ id }) => !ids.includes(id));
    return Promise.resolve();
  }

  hasForgotten(): Promise<boolean> {
    return Promise.resolve(this.rows.length > 0);
  }
}

/** What has arrived; refuses what the spec wants. */
class FakeSender {
  readonly batches: OutboxRow[][] = [];
  refuse: (rows: readonly OutboxRow[]) => Trouble['kind'] | undefined = () => undefined;
  gate: Promise<unknown> = Promise.resolve();
  inFlight = 0;
  most = 0;

  async send(rows: readonly OutboxRow[]): Promise<Trouble | undefined> {
    this.inFlight += 1;
    this.most = Math.max(this.most, this.inFlight);
    await this.gate;
    await turn();
    this.inFlight -= 1;
    const kind = this.refuse(rows);
    if (kind) return { kind, error: new Error(kind) };
    this.batches.push([...rows]);
    return undefined;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  get ids(): string[] {
    return this.batches.flat().map(({ id }) => id);
  }
}

const started: Relay[] = [];

function setUp() {
  const parts = {
    table: new FakeTable(),
    sender: new FakeSender(),
    probe: new FakeSender(),
    log: new Log('policy', 'error', { write: () => undefined }),
  };
  const relay = new Relay(parts);
  started.push(relay);
  /** As a committed transaction does it. */
  const commit = (...rows: OutboxRow[]): void => {
    parts.table.rows.push(...rows);
    relay.enqueue(rows);
  };
  return { ...parts, relay, commit };
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((relay) => relay.stop()));
});

const ids = (...numbers: number[]): string[] => numbers.map(String);

describe('the relay', () => {
  it('begins with what an earlier run has left, then sends from memory without reading', async () => {
    const { table, sender, relay, commit } = setUp();
    table.rows.push(aRow(1), aRow(2));
    relay.start();
    await relay.drain();
    const { reads } = table;
    commit(aRow(3));
    commit(aRow(4));
    await relay.drain();
    expect(sender.ids).toEqual(ids(1, 2, 3, 4));
    expect(table.reads).toBe(reads);
    expect(table.rows).toEqual([]);
  });

  it('misses nothing that is committed while the table is being read', async () => {
    const { sender, relay, commit, table } = setUp();
    const read = table.read.bind(table);
    let once = true;
    table.read = async (limit, except) => {
      const rows = await read(limit, except);
      if (once) commit(aRow(1));
      once = false;
      return rows;
    };
    relay.start();
    await relay.drain();
    expect(sender.ids).toEqual(ids(1));
  });

  it('has one send in flight, whatever comes meanwhile', async () => {
    const { sender, relay, commit } = setUp();
    relay.start();
    for (let id = 1; id <= 50; id += 1) {
      commit(aRow(id));
      await turn();
    }
    await relay.drain();
    expect(sender.most).toBe(1);
    expect(sender.ids).toHaveLength(50);
  });

  it('sends nothing twice that the broker has', async () => {
    const { sender, relay, commit } = setUp();
    relay.start();
    commit(aRow(1));
    await relay.drain();
    relay.enqueue([aRow(1), aRow(4)]);
    await relay.drain();
    expect(sender.ids).toEqual(ids(1, 4));
  });

  it('after trouble goes by the table and keeps the order', async () => {
    const { sender, relay, commit } = setUp();
    relay.start();
    await relay.drain();
    sender.refuse = () => 'unavailable';
    for (const id of [1, 2, 3]) commit(aRow(id));
    expect(relay.isWell).toBe(true);
    await turn();
    await turn();
    await turn();
    expect(relay.isWell).toBe(false);
    commit(aRow(4));
    sender.refuse = () => undefined;
    await relay.drain();
    expect(sender.ids).toEqual(ids(1, 2, 3, 4));
  });

  it('sets aside the rows of a topic that is missing, and only those', async () => {
    const { sender, relay, table, commit } = setUp();
    relay.start();
    sender.refuse = (rows) => (rows.some(({ topic }) => topic === 'gone') ? 'topic' : undefined);
    commit(aRow(1), aRow(2, { topic: 'gone' }), aRow(3), aRow(4, { topic: 'gone' }));
    commit(aRow(5));
    await relay.drain();
    expect(sender.ids).toEqual(ids(1, 3, 5));
    expect(table.rows.map(({ id }) => id)).toEqual(ids(2, 4));
    expect(relay.asideTopics).toEqual(['gone']);
    expect(relay.report()).toEqual({ ok: true, detail: 'set aside: gone' });
  });

  it('is not ready when a topic of the gate itself is missing', async () => {
    const { sender, relay, commit } = setUp();
    relay.start();
    sender.refuse = () => 'topic';
    commit(aRow(1, { topic: 'sallyport.decisions.v1' }));
    await relay.drain();
    expect(relay.report().ok).toBe(false);
  });

  it('finds the one record that no broker takes; later ones of its key wait behind it, others do not', async () => {
    const { sender, relay, table, commit } = setUp();
    relay.start();
    sender.refuse = (rows) => (rows.some(({ id }) => id === '4') ? 'record' : undefined);
    commit(...[1, 2, 3, 4, 5, 6, 7, 8].map((id) => aRow(id)));
    await relay.drain();
    commit(aRow(10), aRow(11));
    await relay.drain();
    // Keys are ids modulo 3: 4, 7 and 10 share one.
    expect(sender.ids.sort((a, b) => Number(a) - Number(b))).toEqual(ids(1, 2, 3, 5, 6, 8, 11));
    expect(table.rows.map(({ id }) => id)).toEqual(ids(4, 7, 10));
  });

  it('takes smaller bites when all together are too much for the broker', async () => {
    const { sender, relay, table, commit } = setUp();
    relay.start();
    sender.refuse = (rows) => (rows.length > 2 ? 'record' : undefined);
    commit(...[1, 2, 3, 4, 5, 6, 7].map((id) => aRow(id)));
    await relay.drain();
    expect(sender.ids).toEqual(ids(1, 2, 3, 4, 5, 6, 7));
    expect(table.rows).toEqual([]);
  });

  it('goes on sending from memory while the database is away, and deletes when it is back', async () => {
    const { sender, relay, table, commit } = setUp();
    relay.start();
    await relay.drain();
    table.down = true;
    commit(aRow(1));
    commit(aRow(2));
    while (sender.ids.length < 2) await turn();
    expect(table.rows).toHaveLength(2);
    table.down = false;
    await relay.drain();
    expect(table.rows).toEqual([]);
  });

  it('stops after the send that is in flight; the rest stays in the table', async () => {
    const { sender, relay, table, commit } = setUp();
    relay.start();
    await relay.drain();
    const gate = Promise.withResolvers<undefined>();
    sender.gate = gate.promise;
    commit(aRow(1));
    await turn();
    commit(aRow(2));
    const stopped = relay.stop();
    gate.resolve(undefined);
    await stopped;
    expect(sender.ids).toEqual(ids(1));
    expect(table.rows.map(({ id }) => id)).toContain('2');
  });
});
