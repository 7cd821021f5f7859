import { Injectable } from '@nestjs/common';
import type { Known } from '#contracts';
import { EndingStore } from '../io/ending.store.js';
import { Issuers } from '../io/issuers/issuers.js';
import { MeetStranger } from './meet-stranger.js';

/** What stands at one target under this gate's mark, against the table of leases. */
@Injectable()
export class CompareTarget {
  constructor(
    private readonly rhythm: EndingStore,
    private readonly issuers: Issuers,
    private readonly strangers: MeetStranger,
  ) {}

  /** The target is read first: what is minted after that is in the table before it is at the target. */
  async handle({ id, spec }: Known<'targets'>): Promise<void> {
    const { roles } = this.issuers;
    const handle = roles.handleFor(spec);
    const there = await roles.listOurs(handle);
    if (there.length === 0) return;
    const known = await this.rhythm.known(there);
    const strangers = there.filter((leaseId) => known.get(leaseId)?.isRunning !== true);
    for (const leaseId of strangers)
      await this.strangers.handle({ target: id, handle, leaseId, isOver: known.has(leaseId) });
  }
}
