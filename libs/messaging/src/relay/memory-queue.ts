import type { OutboxRow } from './outbox-row.js';

const mostRows = 20_000;
const mostBytes = 48 * 1024 * 1024;

/** Of one send. A broker takes 1 MiB for one partition; all rows of a send may go to the same. */
export const sendRows = 500;
export const sendBytes = 768 * 1024;

/** Ids of rows that the broker has, so that none is sent again: of about the last minute under load. */
const mostSent = 50_000;

/** What was committed and is not sent yet. Each row once. */
export class MemoryQueue {
  #rows: OutboxRow[] = [];
  #bytes = 0;
  /** Queued, or being sent. */
  readonly #open = new Set<string>();
  /** In the order of sending. */
  readonly #sent = new Set<string>();

  get isEmpty(): boolean {
    return this.#rows.length === 0;
  }

  /** True when the table has to take over: a broker that is away must not cost the process its memory. */
  get isFull(): boolean {
    return this.#rows.length >= mostRows || this.#bytes >= mostBytes;
  }

  /** Answers the ids of rows that were sent before; all others are queued, unless they are already. */
  add(rows: readonly OutboxRow[]): string[] {
    const sentBefore: string[] = [];
    for (const row of rows) {
      if (this.#sent.has(row.id)) sentBefore.push(row.id);
      else if (!this.#open.has(row.id)) this.#push(row);
    }
    return sentBefore;
  }

  /** The next rows to send, in order. */
  take(): OutboxRow[] {
    let bytes = 0;
    let count = 0;
    for (const row of this.#rows) {
      if (count > 0 && (count === sendRows || bytes + row.value.length > sendBytes)) break;
      bytes += row.value.length;
      count += 1;
    }
    this.#bytes -= bytes;
    return this.#rows.splice(0, count);
  }

  /** The broker has acknowledged rows that were taken. */
  sent(ids: readonly string[]): void {
    for (const id of ids) {
      this.#open.delete(id);
      this.#sent.add(id);
    }
    for (const id of this.#sent) {
      if (this.#sent.size <= mostSent) break;
      this.#sent.delete(id);
    }
  }

  /** Rows that were taken are left to the table. */
  left(ids: readonly string[]): void {
    for (const id of ids) this.#open.delete(id);
  }

  /** Everything that waits is left to the table. */
  clear(): void {
    for (const { id } of this.#rows) this.#open.delete(id);
    this.#rows = [];
    this.#bytes = 0;
  }

  #push(row: OutboxRow): void {
    this.#open.add(row.id);
    this.#rows.push(row);
    this.#bytes += row.value.length;
  }
}
