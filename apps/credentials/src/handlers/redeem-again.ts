import { Injectable } from '@nestjs/common';
import { ProblemError } from '#contracts';
import { standingOf, type Claim, type Standing } from '../core/delivery.js';
import type { Lease } from '../core/lease.js';
import { DeliveryStore } from '../io/delivery.store.js';
import { KillSwitchStore } from '../io/kill-switch.store.js';
import { AlarmReplay } from './alarm-replay.js';
import { Deliveries } from './deliveries.js';
import { OfferedLeases } from './offered-leases.js';

/** How soon it is worth asking again for what is being made, in seconds. */
const soonSeconds = 1;

/** A redeem of a lease that somebody took already: the same answer for that one, an alarm for anybody else. */
@Injectable()
export class RedeemAgain {
  constructor(
    private readonly offered: OfferedLeases,
    private readonly deliveries: DeliveryStore,
    private readonly killSwitch: KillSwitchStore,
    private readonly kept: Deliveries,
    private readonly alarm: AlarmReplay,
  ) {}

  /** The sealed delivery as it was; undefined while the lease is on offer. Throws ProblemError for everything else. */
  async handle(lease: Lease, claim: Claim): Promise<string | undefined> {
    const delivery = await this.deliveries.find(lease.leaseId);
    const standing = standingOf(lease, delivery, { claim, now: await this.offered.now() });
    if (standing.kind === 'open') return undefined;
    if (standing.kind === 'again') return this.again(lease, standing.sealed);
    if (standing.kind === 'replay') await this.alarm.handle(lease, { why: standing.why, jkt: claim.jkt });
    throw refusalOf(standing);
  }

  /** Looked at after the answer was read: a pull that was committed before this call stands against it. */
  private async again({ leaseId }: Lease, sealed: Buffer): Promise<string> {
    if ((await this.killSwitch.against(leaseId)) !== undefined) throw new ProblemError('ended');
    return this.kept.open(leaseId, sealed);
  }
}

function refusalOf(standing: Exclude<Standing, { kind: 'open' | 'again' }>): ProblemError {
  if (standing.kind === 'closed') return new ProblemError(standing.code);
  if (standing.kind === 'replay') return new ProblemError('already_redeemed');
  const detail = 'what you asked for is under way: ask again';
  return new ProblemError('dependency_unavailable', { detail, retryAfterSeconds: soonSeconds });
}
