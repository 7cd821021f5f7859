import { backoff, type Log } from '#platform';
import type { Place } from './read-record.js';

export interface Paused extends Place {
  since: number;
  attempts: number;
  reason: string;
}

interface State extends Paused {
  timer: NodeJS.Timeout | undefined;
}

const limits = { firstMs: 200, longestMs: 5_000 };

/** Partitions that wait. A partition is paused and tried again, for ever, with growing waits; the others go on. */
export class Pauses {
  readonly #states = new Map<string, State>();

  constructor(
    private readonly log: Log,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** True from a failure until the next success. */
  isTroubled(place: Place): boolean {
    return this.#states.has(nameOf(place));
  }

  /** Calls `resume` after the wait. */
  pause(place: Place, resume: () => void, why: { reason: string; error?: unknown }): void {
    const name = nameOf(place);
    const before = this.#states.get(name);
    clearTimeout(before?.timer);
    const attempts = (before?.attempts ?? 0) + 1;
    const waitMs = backoff(attempts, limits);
    const { topic, partition } = place;
    this.log.warn('consumer.partition_waits', {
      topic,
      partition,
      attempt: attempts,
      wait_ms: waitMs,
      reason: why.reason,
      error: why.error,
    });
    const timer = setTimeout(resume, waitMs);
    this.#states.set(name, {
      topic,
      partition,
      since: before?.since ?? this.now(),
      attempts,
      reason: why.reason,
      timer,
    });
  }

  succeeded(place: Place): void {
    const state = this.#states.get(nameOf(place));
    if (!state) return;
    clearTimeout(state.timer);
    this.#states.delete(nameOf(place));
    this.log.info('consumer.partition_goes_on', {
      topic: place.topic,
      partition: place.partition,
      attempt: state.attempts,
    });
  }

  /** Those that have waited longer than `ms`. */
  longerThan(ms: number): Paused[] {
    const until = this.now() - ms;
    return [...this.#states.values()].filter(({ since }) => since <= until);
  }

  stop(): void {
    for (const { timer } of this.#states.values()) clearTimeout(timer);
    this.#states.clear();
  }
}

const nameOf = ({ topic, partition }: Place): string => `${topic} ${String(partition)}`;
