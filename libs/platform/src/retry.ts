import { setTimeout as sleep } from 'node:timers/promises';
import { isRetryable } from './fault.js';

export interface BackoffLimits {
  firstMs?: number;
  longestMs?: number;
}

/**
 * Milliseconds to wait after attempt `attempt` (1 = the first) has failed: doubles each time up to the longest wait; the upper half is random so that
 * instances that failed together do not come back together.
 */
export function backoff(attempt: number, { firstMs = 100, longestMs = 10_000 }: BackoffLimits = {}): number {
  const full = Math.min(longestMs, firstMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(full / 2 + Math.random() * (full / 2));
}

export interface Patience extends BackoffLimits {
  /** Attempts in all; for ever when left out. */
  attempts?: number;
  signal?: AbortSignal;
  /** Told before each wait. */
  onWait?: (error: unknown, attempt: number, waitMs: number) => void;
  worthwhile?: (error: unknown) => boolean;
}

/** Does `work` until it succeeds, a failure is not retryable, the attempts are used up or the signal aborts; then throws the last failure. */
export async function retrying<T>(work: (attempt: number) => Promise<T>, patience: Patience = {}): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work(attempt);
    } catch (error) {
      if (!isWorthAnother(error, attempt, patience)) throw error;
      const waitMs = backoff(attempt, patience);
      patience.onWait?.(error, attempt, waitMs);
      await pause(waitMs, patience.signal, error);
    }
  }
}

function isWorthAnother(error: unknown, attempt: number, patience: Patience): boolean {
  const { attempts = Infinity, signal, worthwhile = isRetryable } = patience;
  return attempt < attempts && signal?.aborted !== true && worthwhile(error);
}

async function pause(ms: number, signal: AbortSignal | undefined, failure: unknown): Promise<void> {
  try {
    await sleep(ms, undefined, signal ? { signal } : {});
  } catch {
    // Stopped while waiting: what the caller must hear is why it waited, not that it was woken.
    throw failure;
  }
}
