import { Injectable } from '@nestjs/common';
import { ProblemError } from '#contracts';
import type { Evidence } from '#trust';
import { Database, type Tx } from '#database';
import type { Change, Lease } from '../core/lease.js';
import { LeaseStore } from '../io/lease.store.js';
import { OfferStore } from '../io/offer.store.js';
import { ApplyChanges } from './apply-changes.js';
import { UnlessPulled } from './unless-pulled.js';

/** One lease at a time, for the doors: look, and change under its lock. */
@Injectable()
export class OfferedLeases {
  constructor(
    private readonly database: Database,
    private readonly leases: LeaseStore,
    private readonly offers: OfferStore,
    private readonly changes: ApplyChanges,
    private readonly unlessPulled: UnlessPulled,
  ) {}

  /** Another agent's lease is not there. */
  async find(leaseId: string, agentId?: string): Promise<Lease> {
    const lease = await this.leases.find(leaseId);
    if (lease === undefined || (agentId !== undefined && lease.agentId !== agentId))
      throw new ProblemError('not_found');
    return lease;
  }

  async evidence({ leaseId }: Lease): Promise<Evidence> {
    const evidence = await this.offers.evidenceOf(leaseId);
    if (evidence === undefined) throw new TypeError('a lease with terms has evidence');
    return evidence;
  }

  now(): Promise<Date> {
    return this.database.now();
  }

  /**
   * Decides on the lease as it is under its lock; answers it as it is afterwards, changed or not. Throws ProblemError `ended`
   * where it would be released and the kill switch is pulled. `alongside` is done in the same transaction, if there is a change.
   */
  change(
    leaseId: string,
    decide: (lease: Lease) => Change | undefined,
    alongside: (tx: Tx) => Promise<void> = () => Promise.resolve(),
  ): Promise<{ lease: Lease; changed: boolean }> {
    return this.unlessPulled.run(leaseId, async (tx) => {
      const [lease] = await this.leases.lock(tx, [leaseId]);
      if (lease === undefined) throw new ProblemError('not_found');
      const [saved] = await this.changes.apply(tx, [decide(lease)]);
      if (saved !== undefined) await alongside(tx);
      return { lease: saved?.lease ?? lease, changed: saved !== undefined };
    });
  }
}
