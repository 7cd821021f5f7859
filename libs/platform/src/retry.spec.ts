import { describe, expect, it } from '@jest/globals';
import { Fault } from './fault.js';
import { backoff, retrying } from './retry.js';

const outage = (): Fault => new Fault('database_unavailable', { retryable: true });
const quick = { firstMs: 1, longestMs: 2 };

/** Work that fails with the given errors first and then gives the number of its attempt. */
function failing(...errors: (Error | undefined)[]): (attempt: number) => Promise<number> {
  return (attempt) => {
    const error = errors[attempt - 1];
    return error === undefined ? Promise.resolve(attempt) : Promise.reject(error);
  };
}

describe('backoff', () => {
  it('doubles up to the longest wait, of which at least half is waited', () => {
    for (const [attempt, full] of [
      [1, 100],
      [2, 200],
      [5, 1600],
      [8, 10_000],
      [5000, 10_000],
    ] as const) {
      const wait = backoff(attempt);
      expect(wait).toBeGreaterThanOrEqual(full / 2);
      expect(wait).toBeLessThanOrEqual(full);
    }
  });
});

describe('retrying', () => {
  it('waits out what is retryable', async () => {
    await expect(retrying(failing(outage(), outage()), quick)).resolves.toBe(3);
  });

  it('throws at once what is not: a bug is no outage', async () => {
    const bug = new TypeError('bug');
    await expect(retrying(failing(bug, undefined), quick)).rejects.toBe(bug);
  });

  it('stops after the given attempts with the last failure', async () => {
    const last = outage();
    await expect(retrying(failing(outage(), last), { ...quick, attempts: 2 })).rejects.toBe(last);
  });

  it('stops waiting when it is told to, with the reason why it waited', async () => {
    const stop = new AbortController();
    const failure = outage();
    const waiting = retrying(failing(failure), {
      firstMs: 60_000,
      longestMs: 60_000,
      signal: stop.signal,
      onWait: () => setImmediate(() => stop.abort()),
    });
    await expect(waiting).rejects.toBe(failure);
  });
});
