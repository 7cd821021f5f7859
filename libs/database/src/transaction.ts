import { Fault } from '#platform';
import { discard, isUnanswered, type Connection } from './connection.js';
import { sqlFault } from './sql-fault.js';
import type { Tx } from './tx.js';

/**
 * BEGIN, `work`, COMMIT on one connection. The callbacks of `afterCommit` run after the server has confirmed the COMMIT and cannot undo it any more, so
 * an error in one of them is reported and swallowed.
 */
export async function runTransaction<T>(
  client: Connection,
  work: (tx: Tx) => Promise<T>,
  onCallbackError: (error: unknown) => void,
): Promise<T> {
  const open = new OpenTransaction(client);
  let result: T;
  try {
    await open.begin();
    result = await work(open);
    await open.commit();
  } catch (error) {
    await open.abandon(error);
    throw error;
  }
  for (const callback of open.callbacks) {
    try {
      callback();
    } catch (error) {
      onCallbackError(error);
    }
  }
  return result;
}

class OpenTransaction implements Tx {
  readonly callbacks: (() => void)[] = [];
  private open = false;

  constructor(private readonly client: Connection) {}

  async begin(): Promise<void> {
    await this.send('BEGIN');
    this.open = true;
  }

  async query<R = Record<string, unknown>>(sql: string, params: unknown[] = []): Promise<R[]> {
    this.mustBeOpen();
    try {
      const { rows } = await this.client.query(sql, params);
      return rows as R[];
    } catch (error) {
      throw sqlFault(error);
    }
  }

  afterCommit(fn: () => void): void {
    this.mustBeOpen();
    this.callbacks.push(fn);
  }

  /** After a statement failed and its error was swallowed, PostgreSQL answers COMMIT with ROLLBACK and no error: nothing was saved, so it must not look so. */
  async commit(): Promise<void> {
    this.open = false;
    if ((await this.send('COMMIT')) === 'COMMIT') return;
    throw new Fault('statement_failed', {
      retryable: false,
      message: 'a failed statement was ignored inside the transaction',
    });
  }

  /** The error that led here matters, so a ROLLBACK that fails says nothing: closing the connection rolls back as well. */
  async abandon(why: unknown): Promise<void> {
    this.open = false;
    if (isUnanswered(why)) discard(this.client);
    else
      await this.send('ROLLBACK').catch(() => {
        discard(this.client);
      });
  }

  private async send(command: 'BEGIN' | 'COMMIT' | 'ROLLBACK'): Promise<string> {
    try {
      return (await this.client.query(command)).command;
    } catch (error) {
      throw sqlFault(error);
    }
  }

  /** A statement that was not awaited would otherwise run on this connection after the COMMIT, outside any transaction or inside somebody else's. */
  private mustBeOpen(): void {
    if (!this.open) throw new Error('the transaction has ended: a statement or a callback came too late');
  }
}
