import { backoff, type Log } from '#platform';
import type { OutboxRow } from './outbox-row.js';
import type { Trouble } from './send-trouble.js';

export interface AsideParts {
  table: { first(topic: string): Promise<OutboxRow | undefined>; remove(ids: readonly string[]): Promise<void> };
  sender: { send(rows: readonly OutboxRow[]): Promise<Trouble | undefined>; close(): Promise<void> };
  log: Log;
  /** The topic takes records again (or nothing waits for it): its rows are to be read from the table. */
  onBack: (topic: string) => void;
}

const limits = { firstMs: 1_000, longestMs: 30_000 };

/**
 * Topics that are missing or that we may not write to. Their rows stay in the table, and only theirs; now and then the oldest
 * one is tried, over a connection of its own so that the others are never held up.
 */
export class AsideTopics {
  readonly #timers = new Map<string, NodeJS.Timeout | undefined>();
  #turn: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(private readonly parts: AsideParts) {}

  has(topic: string): boolean {
    return this.#timers.has(topic);
  }

  list(): string[] {
    return [...this.#timers.keys()];
  }

  add(topic: string, error: unknown): void {
    if (this.#timers.has(topic)) return;
    this.parts.log.error('outbox.topic_set_aside', { topic, error });
    this.#schedule(topic, 1);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await this.#turn;
    await this.parts.sender.close();
  }

  #schedule(topic: string, attempt: number): void {
    if (this.#stopped) return;
    const tryLater = (): void => {
      // One after the other: they share the connection.
      this.#turn = this.#turn.then(() => this.#try(topic, attempt));
    };
    this.#timers.set(topic, setTimeout(tryLater, backoff(attempt, limits)).unref());
  }

  async #try(topic: string, attempt: number): Promise<void> {
    if (this.#stopped) return;
    if (await this.#isBack(topic)) {
      this.#timers.delete(topic);
      this.parts.log.info('outbox.topic_back', { topic, attempt });
      this.parts.onBack(topic);
    } else this.#schedule(topic, attempt + 1);
  }

  async #isBack(topic: string): Promise<boolean> {
    try {
      const row = await this.parts.table.first(topic);
      if (!row) return true;
      const trouble = await this.parts.sender.send([row]);
      if (!trouble) await this.parts.table.remove([row.id]);
      // A record that is refused for what it is: the topic itself is there.
      return !trouble || trouble.kind === 'record';
    } catch {
      // The database is away; it has its own lines in the log.
      return false;
    }
  }
}
