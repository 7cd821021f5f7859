import type { Database } from './database.js';

/** How long this process counts by itself: what quartz drifts meanwhile is far below every leeway. */
const readEveryMs = 30_000;

/** An answer that took longer says too little about the time: it counts for those who waited for it, and no longer. */
const promptMs = 1_000;

/**
 * The database's clock for what is checked at every call (tokens, proofs, nonces), without asking each time. The wall clock
 * of this process is never asked: it may be an hour off. A monotonic one counts on from the last look.
 */
export class DatabaseClock {
  #read: { now: number; at: number; until: number } | undefined;
  #reading: Promise<void> | undefined;

  constructor(
    private readonly database: Pick<Database, 'now'>,
    private readonly monotonic: () => number = () => performance.now(),
  ) {}

  /** Milliseconds. Throws a retryable Fault where the database does not answer: without a clock nothing is in time. */
  async now(): Promise<number> {
    if (this.#read === undefined || this.monotonic() > this.#read.until) {
      this.#reading ??= this.#look().finally(() => {
        this.#reading = undefined;
      });
      await this.#reading;
    }
    return this.#counted();
  }

  #counted(): number {
    if (this.#read === undefined) throw new TypeError('the clock was read');
    return Math.round(this.#read.now + this.monotonic() - this.#read.at);
  }

  /** It was that late at some moment between question and answer. */
  async #look(): Promise<void> {
    const asked = this.monotonic();
    const now = (await this.database.now()).getTime();
    const answered = this.monotonic();
    const isPrompt = answered - asked <= promptMs;
    this.#read = { now, at: (asked + answered) / 2, until: isPrompt ? answered + readEveryMs : -Infinity };
  }
}
