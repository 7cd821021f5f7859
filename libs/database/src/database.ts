import { setTimeout as sleep } from 'node:timers/promises';
import { backoff, Fault, type Log } from '#platform';
import type { DataSource } from 'typeorm';
import { discard, isUnanswered, type Connection } from './connection.js';
import { sqlFault } from './sql-fault.js';
import { runTransaction } from './transaction.js';
import type { Tx } from './tx.js';

/** How long a caller waits for the first connection of a process that has just started. */
const firstConnectionMs = 5_000;

/** PostgreSQL for one service: its own schema, its own role. Every failure is a `Fault`, or the work's own error unchanged. */
export class Database {
  private readonly stopping = new AbortController();
  private opened: Promise<void> | undefined;

  constructor(
    private readonly source: DataSource,
    private readonly log: Log,
  ) {}

  /** Connects in the background and keeps trying: a service starts without its database and says in `/readyz` that it waits. */
  open(): void {
    this.opened ??= this.connect();
  }

  /** Whether a first connection was ever made; from then on the pool makes new ones by itself. */
  isOpen(): boolean {
    return this.source.isInitialized;
  }

  /** Ends the pool. Statements that are running are waited for by the pool. */
  async close(): Promise<void> {
    this.stopping.abort();
    await this.opened?.catch(() => undefined);
    if (this.source.isInitialized) await this.source.destroy();
  }

  /**
   * One transaction (READ COMMITTED). Commits when `work` resolves, rolls back when it throws. A COMMIT whose answer was lost is a retryable fault and
   * may have happened: whoever repeats the work must find that out by its own compare-and-set.
   */
  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.withClient((client) =>
      runTransaction(client, work, (error) => {
        this.log.error('database.after_commit_failed', { error });
      }),
    );
  }

  /** One statement by itself. Rows as in `Tx.query`. */
  async query<R = Record<string, unknown>>(sql: string, params: unknown[] = []): Promise<R[]> {
    return this.withClient(async (client) => {
      try {
        const { rows } = await client.query(sql, params);
        return rows as R[];
      } catch (error) {
        const fault = sqlFault(error);
        if (isUnanswered(fault)) discard(client);
        throw fault;
      }
    });
  }

  /** The only clock that decisions use. */
  async now(): Promise<Date> {
    const [row] = await this.query<{ now: Date }>('SELECT clock_timestamp() AS now');
    if (row === undefined) throw new Fault('statement_failed', { retryable: false, message: 'the clock gave no row' });
    return row.now;
  }

  private async withClient<T>(work: (client: Connection) => Promise<T>): Promise<T> {
    await this.firstConnection();
    const runner = this.source.createQueryRunner();
    try {
      return await work((await connectRunner(runner)) as Connection);
    } finally {
      await runner.release();
    }
  }

  private async firstConnection(): Promise<void> {
    if (this.isOpen()) return;
    this.open();
    const done = new AbortController();
    const late = sleep(firstConnectionMs, undefined, { signal: done.signal, ref: false }).catch(() => undefined);
    await Promise.race([this.opened, late]);
    done.abort();
    if (!this.isOpen()) throw notConnected();
  }

  private async connect(): Promise<void> {
    for (let attempt = 1; !this.stopping.signal.aborted; attempt += 1) {
      try {
        await this.source.initialize();
        if (attempt > 1) this.log.info('database.connected', { attempt });
        return;
      } catch (error) {
        const waitMs = backoff(attempt, { firstMs: 200, longestMs: 5_000 });
        this.log.warn('database.waiting', { attempt, wait_ms: waitMs, error: sqlFault(error) });
        await sleep(waitMs, undefined, { signal: this.stopping.signal, ref: false }).catch(() => undefined);
      }
    }
  }
}

async function connectRunner(runner: { connect(): Promise<unknown> }): Promise<unknown> {
  try {
    return await runner.connect();
  } catch (error) {
    throw sqlFault(error);
  }
}

function notConnected(): Fault {
  return new Fault('database_unavailable', { retryable: true, message: 'the database could not be reached yet' });
}
