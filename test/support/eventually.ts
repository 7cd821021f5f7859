import { setTimeout as pause } from 'node:timers/promises';

export interface Patience {
  withinMs?: number;
  everyMs?: number;
}

/**
 * Runs `look` until it no longer throws and gives what it returned: assertions about what becomes true. When the time is
 * up the last failure is thrown as it is, so the spec says what was missing.
 */
export async function eventually<T>(look: () => T | Promise<T>, patience: Patience = {}): Promise<T> {
  const deadline = performance.now() + (patience.withinMs ?? 10_000);
  for (;;) {
    try {
      return await look();
    } catch (failure) {
      if (performance.now() > deadline) throw failure;
      await pause(patience.everyMs ?? 20);
    }
  }
}
