import { setTimeout as sleep } from 'node:timers/promises';
import { backoff, isRetryable, type Log } from '#platform';
import type { Database } from '../database.js';
import { fireDue, secondsUntilNext, type DueHandler } from './fire-due.js';

/** A timer that another process sets is noticed no later than this. */
const longestSleepMs = 500;

/** What is due but not to be had is in another process's hands: it will be gone or free again soon. */
const shortestSleepMs = 20;

/** Set-based work is cheapest by the hundred; what is paced gives up some of that, so that nobody stands behind more than a few. */
const batch = { usual: 500, paced: 50 };

/** The rest after a full batch of a paced kind, in times of what the batch took: a slower machine rests longer. */
const restsFor = 7;

/**
 * Fires due timers until it is stopped. Any number of processes may run one: a row that somebody is working on is skipped. Each kind fails and waits
 * by itself; an outage never loses a timer, it makes it late.
 */
export class TimerLoop {
  private readonly stopping = new AbortController();
  /** Kinds that wait: after an outage with their failures so far, or at rest. Monotonic milliseconds. */
  private readonly waiting = new Map<string, { attempt: number; until: number }>();
  private done: Promise<void> | undefined;

  constructor(
    private readonly database: Database,
    private readonly handlers: ReadonlyMap<string, DueHandler>,
    private readonly log: Log,
    private readonly paced: ReadonlySet<string> = new Set(),
  ) {}

  start(): void {
    if (this.handlers.size > 0) this.done ??= this.run();
  }

  /** Resolves when the batch that is running has ended. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.done;
  }

  private async run(): Promise<void> {
    for (let failures = 0; !this.stopping.signal.aborted;) {
      let pauseMs: number;
      try {
        pauseMs = await this.round();
        failures = 0;
      } catch (error) {
        failures += 1;
        pauseMs = backoff(failures);
        this.log.warn('timers.waiting', { attempt: failures, wait_ms: pauseMs, error });
      }
      await sleep(pauseMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  /** One look at all kinds; gives the milliseconds until the next look. */
  private async round(): Promise<number> {
    const waits = new Map([...this.handlers.keys()].map((kind) => [kind, this.waitsMs(kind)]));
    const ready = [...waits].filter(([, ms]) => ms <= 0).map(([kind]) => kind);
    const next = ready.length === 0 ? [] : await secondsUntilNext(this.database, ready);
    let fired = 0;
    for (const { kind } of next.filter(({ seconds }) => seconds <= 0)) fired += await this.fire(kind);
    // There may be more than one batch, and a handler may have set new ones.
    if (fired > 0) return 0;
    const inMs = [...next.map(({ seconds }) => seconds * 1_000), ...[...waits.values()].filter((ms) => ms > 0)];
    return Math.min(longestSleepMs, ...inMs.map((ms) => Math.max(shortestSleepMs, Math.ceil(ms))));
  }

  private waitsMs(kind: string): number {
    return (this.waiting.get(kind)?.until ?? 0) - performance.now();
  }

  private async fire(kind: string): Promise<number> {
    const handler = this.handlers.get(kind);
    if (handler === undefined || this.stopping.signal.aborted) return 0;
    const [began, { log }, isPaced] = [performance.now(), this, this.paced.has(kind)];
    const atMost = isPaced ? batch.paced : batch.usual;
    try {
      const count = await fireDue({
        database: this.database,
        kind,
        handler,
        atMost,
        log,
        signal: this.stopping.signal,
      });
      this.waiting.delete(kind);
      if (isPaced && count === atMost) this.rest(kind, restsFor * (performance.now() - began));
      return count;
    } catch (error) {
      this.wait(kind, error);
      return 0;
    }
  }

  private rest(kind: string, ms: number): void {
    this.waiting.set(kind, { attempt: 0, until: performance.now() + ms });
  }

  private wait(kind: string, error: unknown): void {
    const attempt = (this.waiting.get(kind)?.attempt ?? 0) + 1;
    const waitMs = backoff(attempt);
    this.waiting.set(kind, { attempt, until: performance.now() + waitMs });
    this.log[isRetryable(error) ? 'warn' : 'error']('timers.kind_waiting', { kind, attempt, wait_ms: waitMs, error });
  }
}
