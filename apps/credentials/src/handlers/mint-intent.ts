import { Injectable } from '@nestjs/common';
import { ProblemError, type Known, type Profile, type RequestValue, type Target } from '#contracts';
import { Timers } from '#database';
import { redeem, whyNotRedeemable, type Lease } from '../core/lease.js';
import { modeOf, withinOffer, type Terms } from '../core/terms.js';
import type { Issuer } from '../io/issuers/issuer.js';
import { LeaseStore } from '../io/lease.store.js';
import { OfferStore } from '../io/offer.store.js';
import { leaseTimer } from './apply-changes.js';
import { Pace } from './pace.js';
import { UnlessPulled } from './unless-pulled.js';

/** A redeem that nothing stands against (any more). */
export interface Ready {
  lease: Lease;
  terms: Terms;
  profile: Profile;
  action: RequestValue['action'];
  target: Target;
  agent: Known<'agents'>;
  /** Thumbprint of the key that redeems. */
  jkt: string;
  principal: string | undefined;
}

/** Writes down that a credential is about to be made. Committed before anything is touched, so that a crash leaves nothing unknown. */
@Injectable()
export class MintIntent {
  constructor(
    private readonly leases: LeaseStore,
    private readonly clock: OfferStore,
    private readonly timers: Timers,
    private readonly unlessPulled: UnlessPulled,
    private readonly pace: Pace,
  ) {}

  /** offered → minting, for one caller only; the others hear why not. */
  write({ lease, terms, target, jkt }: Ready, issuer: Issuer): Promise<{ lease: Lease; now: Date }> {
    return this.unlessPulled.run(lease.leaseId, async (tx) => {
      const [held] = await this.leases.lock(tx, [lease.leaseId]);
      const now = await this.clock.now(tx);
      const change = held && redeem(held, now);
      const handle = issuer.handleFor(target, jkt);
      const given = held ? withinOffer(held, terms) : terms;
      const intent = { terms: given, handle, mintSeconds: this.pace.mintSeconds + workSeconds(given) };
      const minting = change && (await this.leases.intend(tx, change, intent));
      if (minting?.mintBy === undefined || minting.mintBy === null) {
        throw new ProblemError((held && whyNotRedeemable(held, now)) ?? 'expired');
      }
      await this.timers.set(tx, [{ kind: leaseTimer, ref: lease.leaseId, dueAt: minting.mintBy }]);
      return { lease: minting, now };
    });
  }
}

/** What the gate does itself may take as long as the agent could have worked with a credential. */
function workSeconds({ issuer, ttlSeconds }: Terms): number {
  return modeOf(issuer) === 'brokered' ? ttlSeconds : 0;
}
