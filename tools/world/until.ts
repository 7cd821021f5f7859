import { setTimeout as pause } from 'node:timers/promises';

export interface Wait {
  what: string;
  withinMs: number;
  everyMs?: number;
  /** A reason why waiting has become pointless, for instance that the process has ended. */
  hopeless?: () => string | undefined;
}

/** Asks until the answer is true. Errors: the time is up, or `hopeless` gives a reason. */
export async function until(ask: () => Promise<boolean>, wait: Wait): Promise<void> {
  const deadline = performance.now() + wait.withinMs;
  while (!(await ask())) {
    const reason = wait.hopeless?.();
    if (reason !== undefined) throw new Error(`${wait.what}: ${reason}`);
    if (performance.now() > deadline) throw new Error(`${wait.what}: not within ${String(wait.withinMs)} ms`);
    await pause(wait.everyMs ?? 25);
  }
}
