import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Lease } from '../core/lease.js';
import type { DueTarget } from '../io/ending.store.js';
import { EndingBell } from './ending-bell.js';
import { EndingLife } from './ending-life.js';
import { EndingTables, EndLeases } from './end-leases.js';
import { Pace } from './pace.js';

/** How often a process looks at the table by itself: for ends that another process left behind, and for second attempts. */
const lookEveryMs = 500;

/** Tokens end in the table alone, so many of them go into one transaction. */
const tokensAtOnce = 500;

/**
 * The loop of ending. Each target has its own room: a dead one fills its own and never the others'. Leases whose role is
 * removed and that only wait for the last look at the target take no room.
 */
@Injectable()
export class KeepEnding implements OnApplicationBootstrap {
  private readonly inHand = new Map<string, number>();
  private readonly running = new Set<Promise<void>>();

  constructor(
    private readonly ending: EndLeases,
    private readonly tables: EndingTables,
    private readonly bell: EndingBell,
    private readonly pace: Pace,
    private readonly life: EndingLife,
  ) {}

  onApplicationBootstrap(): void {
    const loop = this.run();
    this.life.shutdown.at('timers', 'ending', async () => {
      this.bell.ring();
      await loop;
      await Promise.all(this.running);
    });
  }

  private async run(): Promise<void> {
    const { signal } = this.life.shutdown;
    while (!signal.aborted) {
      this.bell.reset();
      const found = await this.look();
      if (found === 0) await this.rest();
    }
  }

  private async rest(): Promise<void> {
    const { signal } = this.life.shutdown;
    const waking = new AbortController();
    const late = pause(lookEveryMs, undefined, { signal: AbortSignal.any([waking.signal, signal]) }).catch(
      () => undefined,
    );
    await Promise.race([this.bell.heard(), late]);
    waking.abort();
  }

  /** Takes what there is room for; answers how many leases that were. */
  private async look(): Promise<number> {
    try {
      const due = await this.tables.rhythm.dueTargets();
      const taken = await Promise.all(due.map((where) => this.take(where)));
      return taken.reduce((sum, count) => sum + count, 0);
    } catch (error) {
      this.life.log.warn('lease.ending_waits', { error });
      return 0;
    }
  }

  private async take(where: DueTarget): Promise<number> {
    const isToken = where.issuer === 'token';
    const room = (isToken ? tokensAtOnce : this.pace.perTarget) - (this.inHand.get(where.target) ?? 0);
    if (room <= 0) return 0;
    const leases = await this.tables.rhythm.claim(where, room);
    const groups = isToken ? [leases] : leases.map((lease) => [lease]);
    for (const group of groups) this.follow(where.target, group);
    return leases.length;
  }

  private follow(target: string, leases: Lease[]): void {
    if (leases.length === 0) return;
    const work = this.finish(target, leases).catch((error: unknown) => {
      // The database is away: the claim runs out, and the lease is tried again.
      this.life.log.warn('lease.ending_waits', { target, error });
    });
    this.running.add(work);
    void work.finally(() => this.running.delete(work));
  }

  private async finish(target: string, leases: Lease[]): Promise<void> {
    this.hold(target, leases.length);
    const removed = await this.ending.remove(leases).finally(() => {
      this.hold(target, -leases.length);
      this.bell.ring();
    });
    await this.ending.settle(removed);
  }

  private hold(target: string, count: number): void {
    const held = (this.inHand.get(target) ?? 0) + count;
    if (held === 0) this.inHand.delete(target);
    else this.inHand.set(target, held);
  }
}
