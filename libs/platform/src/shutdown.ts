import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './log/log.js';

/** In this order, each phase only after the one before: nothing new comes in, then what runs ends, then what was promised is sent, then the doors close. */
export const shutdownPhases = ['unready', 'http', 'consumers', 'timers', 'outbox', 'disconnect', 'database'] as const;

export type ShutdownPhase = (typeof shutdownPhases)[number];

interface Step {
  name: string;
  run: () => Promise<void> | void;
  timeoutMs: number;
}

/** Libraries hook in here; the platform does not know them. */
export class Shutdown {
  private readonly steps = new Map<ShutdownPhase, Step[]>();
  private readonly controller = new AbortController();
  private running: Promise<void> | undefined;

  constructor(private readonly log: Log) {}

  /** Aborted when the shutdown begins: long waits (a held HTTP answer, a sleep between attempts) end early. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Steps of one phase run side by side. One that fails or takes longer than `timeoutMs` is logged and left behind. */
  at(phase: ShutdownPhase, name: string, run: () => Promise<void> | void, timeoutMs = 5_000): void {
    const steps = this.steps.get(phase) ?? [];
    steps.push({ name, run, timeoutMs });
    this.steps.set(phase, steps);
  }

  /** Runs all phases once; later calls wait for the same run. Never rejects. */
  run(reason: string): Promise<void> {
    this.running ??= this.runPhases(reason);
    return this.running;
  }

  private async runPhases(reason: string): Promise<void> {
    this.log.info('shutdown.begun', { reason });
    this.controller.abort();
    for (const phase of shutdownPhases) {
      await Promise.all((this.steps.get(phase) ?? []).map((step) => this.runStep(phase, step)));
    }
    this.log.info('shutdown.done', { reason });
  }

  private async runStep(phase: ShutdownPhase, { name, run, timeoutMs }: Step): Promise<void> {
    const done = new AbortController();
    const late = sleep(timeoutMs, 'late' as const, { signal: done.signal });
    late.catch(() => undefined);
    try {
      const outcome = await Promise.race([Promise.resolve().then(run), late]);
      if (outcome === 'late') this.log.warn('shutdown.step_late', { phase, step: name, ms: timeoutMs });
    } catch (error) {
      this.log.error('shutdown.step_failed', { phase, step: name, error });
    } finally {
      done.abort();
    }
  }
}
