import type { Tx } from '#database';
import { describe, expect, it } from '@jest/globals';
import { InboxTable, type Seen } from './inbox.js';

/** The inbox statement on a map: raises what is lower, answers what was raised and what it was. */
class FakeTx implements Tx {
  readonly rows = new Map<string, number>();
  statements = 0;

  query<R>(_sql: string, [sources, subjects, sequences]: unknown[] = []): Promise<R[]> {
    this.statements += 1;
    const raised = (sources as string[]).flatMap((source, n) => {
      const subject = (subjects as string[])[n] ?? '';
      const sequence = (sequences as number[])[n] ?? 0;
      const before = this.rows.get(source + subject);
      if (before !== undefined && before >= sequence) return [];
      this.rows.set(source + subject, sequence);
      return [{ source, subject, before: before === undefined ? null : String(before) }];
    });
    return Promise.resolve(raised as R[]);
  }

  afterCommit(): void {
    throw new Error('the inbox needs none');
  }
}

const event = (subject: string, sequence: number, source = 'intake'): Seen => ({ source, subject, sequence });

describe('the inbox', () => {
  const inbox = new InboxTable();

  it('lets through what is new and drops what was heard, in one statement', async () => {
    const tx = new FakeTx();
    expect(await inbox.fresh(tx, [event('a', 1), event('b', 1)])).toHaveLength(2);
    expect(await inbox.fresh(tx, [event('a', 1), event('b', 2)])).toEqual([event('b', 2)]);
    expect(tx.statements).toBe(2);
  });

  it('drops a repetition and an older one within a slice', async () => {
    const slice = [event('a', 1), event('a', 1), event('a', 3), event('a', 2)];
    expect(await inbox.fresh(new FakeTx(), slice)).toEqual([event('a', 1), event('a', 3)]);
  });

  it('of several events of a subject drops only those that were heard', async () => {
    const tx = new FakeTx();
    await inbox.fresh(tx, [event('a', 2)]);
    expect(await inbox.fresh(tx, [event('a', 1), event('a', 2), event('a', 3), event('a', 4)])).toEqual([
      event('a', 3),
      event('a', 4),
    ]);
  });

  it('counts each producer by itself', async () => {
    const tx = new FakeTx();
    await inbox.fresh(tx, [event('a', 5)]);
    expect(await inbox.fresh(tx, [event('a', 1, 'policy')])).toHaveLength(1);
  });

  it('takes sequence 0 for the first', async () => {
    expect(await inbox.fresh(new FakeTx(), [event('a', 0)])).toHaveLength(1);
  });

  it('asks for nothing where there is nothing', async () => {
    const tx = new FakeTx();
    expect(await inbox.fresh(tx, [])).toEqual([]);
    expect(tx.statements).toBe(0);
  });
});
