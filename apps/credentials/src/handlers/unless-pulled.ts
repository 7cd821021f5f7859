import { Injectable } from '@nestjs/common';
import { ProblemError } from '#contracts';
import type { Tx } from '#database';
import { cutBy } from '../core/kill-switch.js';
import { isPulled, KillSwitchStore } from '../io/kill-switch.store.js';
import { LeaseStore } from '../io/lease.store.js';
import { ApplyChanges } from './apply-changes.js';
import { Transact } from './transact.js';

/**
 * Does what releases or uses a lease. The table itself says when a pull of the kill switch stands against it; then nothing
 * has happened, the lease is ended, and whoever came hears `ended`.
 */
@Injectable()
export class UnlessPulled {
  constructor(
    private readonly killSwitch: KillSwitchStore,
    private readonly leases: LeaseStore,
    private readonly changes: ApplyChanges,
    private readonly transact: Transact,
  ) {}

  /** In a transaction of its own. */
  run<T>(leaseId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.around(leaseId, () => this.transact.run(work));
  }

  async around<T>(leaseId: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isPulled(error)) throw error;
      await this.cut(leaseId);
      throw new ProblemError('ended');
    }
  }

  private async cut(leaseId: string): Promise<void> {
    const pull = await this.killSwitch.against(leaseId);
    if (pull === undefined) return;
    await this.transact.run(async (tx) => {
      const leases = await this.leases.lock(tx, [leaseId]);
      await this.changes.apply(
        tx,
        leases.map((lease) => cutBy(pull, lease)),
      );
    });
  }
}
