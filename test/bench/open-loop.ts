import { setTimeout as pause } from 'node:timers/promises';

const tickMs = 5;

/**
 * Calls `send` so many times a second for so many seconds, whether or not earlier calls have been answered: a slow system
 * does not slow the load down. `send` is given how many to send at once.
 */
export async function openLoop(
  perSecond: number,
  seconds: number,
  send: (count: number) => Promise<void>,
): Promise<number> {
  const started = performance.now();
  let sent = 0;
  const failures: unknown[] = [];
  while (performance.now() - started < seconds * 1_000) {
    const due = Math.floor(((performance.now() - started) / 1_000) * perSecond) - sent;
    if (due > 0) {
      sent += due;
      send(due).catch((error: unknown) => failures.push(error));
    }
    await pause(tickMs);
  }
  if (failures.length > 0) throw failures[0];
  return sent;
}
