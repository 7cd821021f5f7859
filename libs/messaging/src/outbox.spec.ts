import { policyCancelRequested, topics } from '#contracts';
import type { Tx } from '#database';
import { describe, expect, it } from '@jest/globals';
import { DeadLetters } from './dead-letters.js';
import type { Incoming } from './incoming.js';
import { Outbox } from './outbox.js';
import type { NewRow, OutboxKey, OutboxRow } from './relay/outbox-row.js';

class FakeTx implements Tx {
  readonly callbacks: (() => void)[] = [];

  query<R>(): Promise<R[]> {
    return Promise.reject(new Error('the table is a fake'));
  }

  afterCommit(fn: () => void): void {
    this.callbacks.push(fn);
  }
}

class FakeTable {
  readonly added: NewRow[] = [];
  readonly keys: OutboxKey[] = [];

  add(_tx: Tx, rows: readonly NewRow[], newKeys: readonly OutboxKey[]): Promise<OutboxRow[]> {
    this.added.push(...rows);
    this.keys.push(...newKeys);
    return Promise.resolve(rows.map((row, n) => ({ ...row, id: String(n) })));
  }
}

const subject = '01980000-0000-7000-8000-000000000001';
const said = {
  event: policyCancelRequested,
  subject,
  sequence: 4,
  data: { action_id: subject, agent_id: 'a', code: 'stopped', by: 'p' },
};

function setUp() {
  const table = new FakeTable();
  const enqueued: OutboxRow[] = [];
  const outbox = new Outbox({ service: 'policy', table, relay: { enqueue: (rows) => void enqueued.push(...rows) } });
  return { table, enqueued, outbox, tx: new FakeTx() };
}

describe('saying', () => {
  it('is a CloudEvent in binary mode, keyed by its subject, on the topic of its type', async () => {
    const { table, outbox, tx } = setUp();
    await outbox.say(tx, [{ ...said, traceparent: 'trace' }]);
    expect(table.added).toMatchObject([
      {
        topic: topics.decisions,
        key: subject,
        headers: {
          ce_specversion: '1.0',
          ce_source: 'urn:sallyport:service:policy',
          ce_type: policyCancelRequested.type,
          ce_subject: subject,
          ce_sequence: '4',
          'content-type': 'application/json',
          traceparent: 'trace',
        },
      },
    ]);
    expect(JSON.parse(String(table.added[0]?.value))).toEqual(said.data);
  });

  it('reaches the relay only after the commit', async () => {
    const { enqueued, outbox, tx } = setUp();
    await outbox.say(tx, [said]);
    expect(enqueued).toEqual([]);
    for (const callback of tx.callbacks) callback();
    expect(enqueued).toHaveLength(1);
  });

  it('looks once per transaction for what was left unsent of a key', async () => {
    const { table, outbox, tx } = setUp();
    await outbox.say(tx, [said, { ...said, sequence: 5 }]);
    await outbox.say(tx, [{ ...said, sequence: 6 }]);
    expect(table.keys).toHaveLength(1);
    await outbox.say(new FakeTx(), [{ ...said, sequence: 7 }]);
    expect(table.keys).toHaveLength(2);
  });
});

describe('a dead letter', () => {
  it('says where the record is, its hash and why, and never what it held', async () => {
    const { table, outbox, tx } = setUp();
    const letter = {
      topic: topics.requests,
      partition: 2,
      offset: '17',
      key: 'k'.repeat(5_000),
      sha256: 'sha256:x',
      code: 'schema_mismatch',
    };
    await new DeadLetters(outbox, 'intake').add(tx, [letter]);
    const [row] = table.added;
    expect(row?.topic).toBe(topics.deadLetters);
    expect(JSON.parse(String(row?.value))).toEqual({ service: 'intake', ...letter, key: 'k'.repeat(128) });
  });

  it('of a forged event says so, by the hash of its bytes; of none, nothing', async () => {
    const { table, outbox, tx } = setUp();
    const letters = new DeadLetters(outbox, 'intake');
    await letters.bury(tx, []);
    expect(table.added).toEqual([]);
    const place = { topic: topics.approvals, partition: 1, offset: '3', key: subject };
    await letters.bury(tx, [{ ...place, value: Buffer.from('{}') } as Incoming<unknown>]);
    const [row] = table.added;
    const sha256 = 'sha256:RBNvo1WzZ4oRRq0W9-hknpT7T8If536DEMBg9hyq_4o';
    expect(JSON.parse(String(row?.value))).toEqual({ service: 'intake', ...place, sha256, code: 'evidence_invalid' });
  });
});
