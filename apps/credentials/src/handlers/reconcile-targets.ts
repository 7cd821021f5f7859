import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Known } from '#contracts';
import { RegistryCopy } from '#facts';
import { CompareTarget } from './compare-target.js';
import { EndingLife } from './ending-life.js';
import { Pace } from './pace.js';

/**
 * Compares what stands at each target with the leases, again and again. What belongs to no running lease (a database that
 * came back from an older backup, somebody's hand) is a stranger, and said loudly: it should not happen.
 */
@Injectable()
export class ReconcileTargets implements OnApplicationBootstrap {
  private readonly inHand = new Map<string, Promise<void>>();

  constructor(
    private readonly copy: RegistryCopy,
    private readonly comparing: CompareTarget,
    private readonly pace: Pace,
    private readonly life: EndingLife,
  ) {}

  onApplicationBootstrap(): void {
    const loop = this.run();
    this.life.shutdown.at('timers', 'reconcile', () => loop);
  }

  private async run(): Promise<void> {
    const { signal } = this.life.shutdown;
    while (!signal.aborted) {
      // Not all instances at once.
      const ms = this.pace.reconcileSeconds * 1_000 * (0.5 + Math.random() / 2);
      const isStopped = await pause(ms, false, { signal }).catch(() => true);
      if (!isStopped) this.compareAll();
    }
    await Promise.all(this.inHand.values());
  }

  /** Side by side. One that is still being looked at, since it does not answer, keeps no other waiting. */
  private compareAll(): void {
    for (const target of this.copy.all('targets')) {
      if (target.spec.kind !== 'postgres' || this.inHand.has(target.id)) continue;
      this.inHand.set(
        target.id,
        this.compare(target).finally(() => this.inHand.delete(target.id)),
      );
    }
  }

  private async compare(target: Known<'targets'>): Promise<void> {
    try {
      await this.comparing.handle(target);
    } catch (error) {
      this.life.log.warn('target.not_compared', { target: target.id, error });
    }
  }
}
