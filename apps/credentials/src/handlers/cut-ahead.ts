import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import type { Lease } from '../core/lease.js';
import { isListing, Issuers } from '../io/issuers/issuers.js';
import { EndingLife } from './ending-life.js';

/**
 * Much is stopped at once: before one lease after the other has its turn to be removed, new use is stopped and live use cut for
 * all of them together. It promises nothing and is kept nowhere: what fails here, or dies with the process, is done by its turn.
 */
@Injectable()
export class CutAhead {
  /** By target: a dead one keeps only its own waiting. */
  private readonly running = new Map<string, Promise<void>>();

  constructor(
    private readonly issuers: Issuers,
    private readonly life: EndingLife,
  ) {
    life.shutdown.at('timers', 'cutting ahead', async () => {
      await Promise.all(this.running.values());
    });
  }

  /** Once these changes are committed: from then on nothing of them can be made or used anew. */
  after(tx: Tx, leases: readonly Lease[]): void {
    tx.afterCommit(() => {
      for (const [target, some] of Map.groupBy(leases, (lease) => lease.target)) this.follow(target, some);
    });
  }

  private follow(target: string, leases: readonly Lease[]): void {
    const before = this.running.get(target) ?? Promise.resolve();
    const work = before.then(() => this.tryToCut(target, leases));
    this.running.set(target, work);
    void work.then(() => {
      if (this.running.get(target) === work) this.running.delete(target);
    });
  }

  private async tryToCut(target: string, leases: readonly Lease[]): Promise<void> {
    if (this.life.shutdown.signal.aborted) return;
    try {
      const byHandle = Map.groupBy(leases, ({ handle }) => JSON.stringify(handle));
      for (const some of byHandle.values()) await this.cut(some);
    } catch (error) {
      this.life.log.warn('lease.not_cut_ahead', { target, count: leases.length, error });
    }
  }

  /** Of one handle: the same issuer, by the same login at the target. */
  private async cut(leases: readonly Lease[]): Promise<void> {
    const handle = leases[0]?.handle ?? null;
    const issuer = handle === null ? undefined : this.issuers.of(handle.issuer);
    if (handle === null || issuer === undefined || !isListing(issuer)) return;
    await issuer.close(
      handle,
      leases.map(({ leaseId }) => leaseId),
    );
  }
}
