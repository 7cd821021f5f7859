import { describe, expect, it } from '@jest/globals';
import type { Connection } from './connection.js';
import { runTransaction } from './transaction.js';

/** A connection that answers everything but the statements that it was told to fail. */
class FakeConnection implements Connection {
  readonly sent: string[] = [];

  constructor(private readonly failures: Record<string, Error> = {}) {}

  query(sql: string): Promise<{ rows: unknown[]; command: string }> {
    this.sent.push(sql);
    const failure = this.failures[sql];
    return failure ? Promise.reject(failure) : Promise.resolve({ rows: [], command: sql });
  }

  end(): Promise<void> {
    this.sent.push('end');
    return Promise.resolve();
  }
}

const nothing = (): void => undefined;
const silence = (): Error => new Error('Query read timeout');
const refusal = (code: string): Error => Object.assign(new Error('refused'), { code });

describe('the connection of a transaction that fails', () => {
  it('goes back to the pool rolled back when the server has answered', async () => {
    const connection = new FakeConnection({ work: refusal('23505') });
    const run = runTransaction(connection, (tx) => tx.query('work'), nothing);
    await expect(run).rejects.toMatchObject({ code: 'statement_failed' });
    expect(connection.sent).toEqual(['BEGIN', 'work', 'ROLLBACK']);
  });

  it('is closed at once when the server has not: a statement may still be running on it', async () => {
    const connection = new FakeConnection({ work: silence() });
    const run = runTransaction(connection, (tx) => tx.query('work'), nothing);
    await expect(run).rejects.toMatchObject({ code: 'database_timeout', retryable: true });
    expect(connection.sent).toEqual(['BEGIN', 'work', 'end']);
  });

  it('is closed when it cannot even be rolled back, and the first error is the one that counts', async () => {
    const connection = new FakeConnection({ work: refusal('40P01'), ROLLBACK: silence() });
    const run = runTransaction(connection, (tx) => tx.query('work'), nothing);
    await expect(run).rejects.toMatchObject({ code: 'database_conflict' });
    expect(connection.sent).toEqual(['BEGIN', 'work', 'ROLLBACK', 'end']);
  });

  it('is closed when it did not even begin', async () => {
    const connection = new FakeConnection({ BEGIN: silence() });
    await expect(runTransaction(connection, () => Promise.resolve(1), nothing)).rejects.toMatchObject({
      retryable: true,
    });
    expect(connection.sent).toEqual(['BEGIN', 'end']);
  });

  it('is closed when nobody knows whether the COMMIT happened, and nothing that was put off runs', async () => {
    const connection = new FakeConnection({ COMMIT: silence() });
    const seen: string[] = [];
    const run = runTransaction(
      connection,
      (tx) => {
        tx.afterCommit(() => seen.push('told'));
        return Promise.resolve();
      },
      nothing,
    );
    await expect(run).rejects.toMatchObject({ retryable: true });
    expect(connection.sent.at(-1)).toBe('end');
    expect(seen).toEqual([]);
  });
});
