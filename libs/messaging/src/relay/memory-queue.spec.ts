import { describe, expect, it } from '@jest/globals';
import { MemoryQueue, sendBytes, sendRows } from './memory-queue.js';
import type { OutboxRow } from './outbox-row.js';

const aRow = (id: number, bytes = 1): OutboxRow => ({
  id: String(id),
  topic: 't',
  key: 'k',
  headers: {},
  value: Buffer.alloc(bytes),
});
const idsOf = (rows: readonly OutboxRow[]) => rows.map(({ id }) => Number(id));

describe('the memory of the relay', () => {
  it('gives rows in order, in sends that a broker takes', () => {
    const queue = new MemoryQueue();
    queue.add(Array.from({ length: sendRows + 2 }, (_, n) => aRow(n)));
    expect(queue.take()).toHaveLength(sendRows);
    expect(idsOf(queue.take())).toEqual([sendRows, sendRows + 1]);
    queue.add([aRow(-1, sendBytes - 1), aRow(-2, 2), aRow(-3, 2 * sendBytes)]);
    expect(idsOf(queue.take())).toEqual([-1]);
    expect(idsOf(queue.take())).toEqual([-2]);
    expect(idsOf(queue.take())).toEqual([-3]);
  });

  it('takes no row that waits, is being sent, or was sent; one that is left may come again', () => {
    const queue = new MemoryQueue();
    queue.add([aRow(1), aRow(1), aRow(2)]);
    expect(idsOf(queue.take())).toEqual([1, 2]);
    queue.add([aRow(1)]);
    expect(queue.isEmpty).toBe(true);
    queue.sent(['1']);
    queue.left(['2']);
    expect(queue.add([aRow(1), aRow(2)])).toEqual(['1']);
    expect(idsOf(queue.take())).toEqual([2]);
  });

  it('says when it is full', () => {
    const queue = new MemoryQueue();
    queue.add(Array.from({ length: 50 }, (_, n) => aRow(n, 1024 * 1024)));
    expect(queue.isFull).toBe(true);
    queue.clear();
    expect([queue.isFull, queue.isEmpty]).toEqual([false, true]);
  });
});
