import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Log, Shutdown } from '#platform';
import { ActionStore, type Standing } from './action.store.js';

interface Waiter {
  known: Standing;
  wake: () => void;
}

/** How soon a change that another instance recorded is seen. */
const pollMs = 500;

/** Requests that wait for an action to change. Woken by this process's own commits at once, by those of other instances through a shared poll. */
@Injectable()
export class Waiters implements OnModuleInit {
  private readonly waiting = new Map<string, Set<Waiter>>();
  private isPolling = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly actions: ActionStore,
    private readonly shutdown: Shutdown,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    this.shutdown.signal.addEventListener('abort', () => {
      for (const actionId of this.waiting.keys()) this.changed(actionId);
    });
  }

  /** Resolves when it no longer stands where it is `known` to, when the seconds are over, or when the process stops. */
  async until(actionId: string, known: Standing, seconds: number): Promise<void> {
    if (this.shutdown.signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const waiter: Waiter = { known, wake: () => { resolve(undefined); } }; // prettier-ignore
    const others = this.waiting.get(actionId) ?? new Set();
    this.waiting.set(actionId, others.add(waiter));
    const late = setTimeout(waiter.wake, seconds * 1_000);
    this.timer ??= setInterval(() => void this.poll(), pollMs);
    await promise;
    clearTimeout(late);
    this.leave(actionId, waiter);
  }

  /** Something about this action was committed. */
  changed(actionId: string): void {
    for (const waiter of this.waiting.get(actionId) ?? []) waiter.wake();
  }

  private leave(actionId: string, waiter: Waiter): void {
    const others = this.waiting.get(actionId);
    others?.delete(waiter);
    if (others?.size === 0) this.waiting.delete(actionId);
    if (this.waiting.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private seen(actionId: string, { code, state }: Standing): void {
    for (const { known, wake } of this.waiting.get(actionId) ?? []) {
      if (known.state !== state || known.code !== code) wake();
    }
  }

  private async poll(): Promise<void> {
    // A database that is slow to answer is not asked a second time meanwhile.
    if (this.isPolling) return;
    this.isPolling = true;
    try {
      const standing = await this.actions.standingOf([...this.waiting.keys()]);
      for (const [actionId, now] of standing) this.seen(actionId, now);
    } catch (error) {
      this.log.warn('waiters.poll_failed', { error });
    } finally {
      this.isPolling = false;
    }
  }
}
