import { backoff, type Log } from '#platform';
import { setTimeout as sleep } from 'node:timers/promises';

/** Rows that are sent and have to leave the table, while the next ones are already being sent. One statement at a time. */
export class Deletions {
  #ids: string[] = [];
  #running: Promise<void> | undefined;
  #isGivenUp = false;

  constructor(
    private readonly table: { remove(ids: readonly string[]): Promise<void> },
    private readonly log: Log,
  ) {}

  add(ids: readonly string[]): void {
    if (ids.length === 0) return;
    this.#ids.push(...ids);
    this.#running ??= this.#run();
  }

  /** Resolves when nothing is left to delete. While the database is away that is not before it is back. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** At the end of the process: what is not deleted now is sent again by the next one. */
  giveUp(): void {
    this.#isGivenUp = true;
  }

  async #run(): Promise<void> {
    for (let attempt = 1; this.#ids.length > 0 && !this.#isGivenUp;) {
      const ids = this.#ids;
      this.#ids = [];
      try {
        await this.table.remove(ids);
        attempt = 1;
      } catch (error) {
        this.#ids = [...ids, ...this.#ids];
        this.log.warn('outbox.rows_not_deleted', { rows: ids.length, attempt, error });
        await sleep(backoff(attempt, { firstMs: 200, longestMs: 2_000 }), undefined, { ref: false });
        attempt += 1;
      }
    }
    this.#running = undefined;
  }
}
