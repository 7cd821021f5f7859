import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Known } from '#contracts';
import { RegistryCopy } from '#facts';
import { EndingStore } from '../io/ending.store.js';
import { Issuers } from '../io/issuers/issuers.js';
import { EndingLife } from './ending-life.js';
import { Pace } from './pace.js';

/**
 * Compares what stands at each target with the leases, again and again. A role that belongs to no running lease (a
 * database that came back from an older backup, somebody's hand) is removed, and said loudly: it should not happen.
 */
@Injectable()
export class ReconcileTargets implements OnApplicationBootstrap {
  constructor(
    private readonly copy: RegistryCopy,
    private readonly rhythm: EndingStore,
    private readonly issuers: Issuers,
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
      if (!isStopped) await this.compareAll();
    }
  }

  /** One round over all targets that are registered; answers how many strangers were removed. */
  async compareAll(): Promise<number> {
    const targets = this.copy.all('targets').filter(({ spec }) => spec.kind === 'postgres');
    const removed = await Promise.all(targets.map((target) => this.compareQuietly(target)));
    return removed.reduce((sum, count) => sum + count, 0);
  }

  private async compareQuietly(target: Target): Promise<number> {
    try {
      return await this.compare(target);
    } catch (error) {
      this.life.log.warn('target.not_compared', { target: target.id, error });
      return 0;
    }
  }

  /** The target is read first: what is minted after that is in the table before it is at the target. */
  private async compare({ id, spec }: Target): Promise<number> {
    const { roles } = this.issuers;
    const handle = roles.handleFor(spec);
    const there = await roles.listOurs(handle);
    const ours = there.length === 0 ? new Set<string>() : await this.rhythm.unfinished(there);
    const strangers = there.filter((leaseId) => !ours.has(leaseId));
    for (const leaseId of strangers) {
      this.life.log.error('target.stranger', { target: id, lease_id: leaseId });
      await roles.removeStranger(handle, leaseId);
    }
    return strangers.length;
  }
}

type Target = Known<'targets'>;
