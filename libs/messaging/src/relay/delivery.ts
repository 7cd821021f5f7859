import { fault, type Log } from '#platform';
import { laneOf, type OutboxKey, type OutboxRow } from './outbox-row.js';
import type { Trouble } from './send-trouble.js';

export interface Sends {
  /** Resolves with nothing when the broker has acknowledged all rows. */
  send(rows: readonly OutboxRow[]): Promise<Trouble | undefined>;
  close(): Promise<void>;
}

export interface DeliveryParts {
  sender: Sends;
  aside: { has(topic: string): boolean; add(topic: string, error: unknown): void };
  log: Log;
  /** Acknowledged: to be deleted. */
  onSent: (ids: readonly string[]) => void;
  /** Left to the table. */
  onLeft: (ids: readonly string[]) => void;
}

export type Failure = { error: unknown } | undefined;

/** Takes rows to the broker, and finds out what it is that the broker does not take. */
export class Delivery {
  /** Keys whose oldest row no broker takes. Later rows of the key wait behind it. */
  readonly #held = new Map<string, OutboxKey>();

  constructor(private readonly parts: DeliveryParts) {}

  get held(): OutboxKey[] {
    return [...this.#held.values()];
  }

  /** The limits of the broker may have been raised meanwhile. */
  releaseHeld(): void {
    this.#held.clear();
  }

  /** Resolves with a failure when all must wait. Rows that only wait for their own topic or key are no failure. */
  async deliver(rows: readonly OutboxRow[]): Promise<Failure> {
    const open = rows.filter((row) => !this.#isClosed(row));
    if (open.length < rows.length) this.#leave(rows.filter((row) => this.#isClosed(row)));
    if (open.length === 0) return undefined;
    const trouble = await this.parts.sender.send(open);
    if (!trouble) {
      fault('after-send-before-outbox-delete');
      this.parts.onSent(open.map(({ id }) => id));
      return undefined;
    }
    return this.#sort(open, trouble);
  }

  async #sort(rows: readonly OutboxRow[], trouble: Trouble): Promise<Failure> {
    if (trouble.kind === 'topic') return this.#byTopic(rows, trouble.error);
    if (trouble.kind === 'record') return this.#byHalves(rows, trouble.error);
    this.#leave(rows);
    return { error: trouble.error };
  }

  /** The error does not say which topic it is: each by itself. */
  async #byTopic(rows: readonly OutboxRow[], error: unknown): Promise<Failure> {
    const topics = [...new Set(rows.map(({ topic }) => topic))];
    const [only, second] = topics;
    if (only !== undefined && second === undefined) {
      this.parts.aside.add(only, error);
      this.#leave(rows);
      return undefined;
    }
    for (const topic of topics) {
      const failure = await this.deliver(rows.filter((row) => row.topic === topic));
      if (failure) return failure;
    }
    return undefined;
  }

  /** Too much at once, or one record that is refused for what it is: by halves, in order. */
  async #byHalves(rows: readonly OutboxRow[], error: unknown): Promise<Failure> {
    const [only, second] = rows;
    if (only !== undefined && second === undefined) {
      this.parts.log.error('outbox.record_refused', { topic: only.topic, ref: only.key, error });
      this.#held.set(laneOf(only), only);
      this.#leave(rows);
      return undefined;
    }
    const middle = rows.length >> 1;
    return (await this.deliver(rows.slice(0, middle))) ?? (await this.deliver(rows.slice(middle)));
  }

  #isClosed(row: OutboxRow): boolean {
    return this.parts.aside.has(row.topic) || this.#held.has(laneOf(row));
  }

  #leave(rows: readonly OutboxRow[]): void {
    this.parts.onLeft(rows.map(({ id }) => id));
  }
}
