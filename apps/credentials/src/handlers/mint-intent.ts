import { Injectable } from '@nestjs/common';
import { ProblemError, type AgentKey, type Known, type Profile, type RequestValue, type Target } from '#contracts';
import { Timers } from '#database';
import { deliveryKey } from '../core/delivery.js';
import { redeem, type Lease } from '../core/lease.js';
import { modeOf, withinOffer, type Terms } from '../core/terms.js';
import { DeliveryStore, type Taking } from '../io/delivery.store.js';
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
  /** Which of the agent's encryption keys it asks for. */
  encKid?: string | undefined;
}

/** Nothing is lost for an agent without this key: it can register it and come again. */
export function keyToDeliverTo({ agent, encKid }: Pick<Ready, 'agent' | 'encKid'>): AgentKey {
  const key = deliveryKey(agent.spec, encKid);
  const detail =
    encKid === undefined ? 'register a key with "use": "enc" to deliver to' : 'public_key is not registered';
  if (key === undefined) throw new ProblemError('key_unknown', { detail });
  return key;
}

/** The tables behind an intent. */
@Injectable()
export class IntentTables {
  constructor(
    readonly leases: LeaseStore,
    readonly clock: OfferStore,
    readonly deliveries: DeliveryStore,
    readonly timers: Timers,
  ) {}
}

/** Writes down that a credential is about to be made. Committed before anything is touched, so that a crash leaves nothing unknown. */
@Injectable()
export class MintIntent {
  constructor(
    private readonly tables: IntentTables,
    private readonly unlessPulled: UnlessPulled,
    private readonly pace: Pace,
  ) {}

  /** offered → minting, for one caller only; undefined for the others, who look again at what became of it. */
  write(ready: Ready, issuer: Issuer): Promise<{ lease: Lease; now: Date } | undefined> {
    const { lease, terms, target, jkt } = ready;
    const { leases, clock, deliveries, timers } = this.tables;
    return this.unlessPulled.run(lease.leaseId, async (tx) => {
      const [held] = await leases.lock(tx, [lease.leaseId]);
      const now = await clock.now(tx);
      const change = held && redeem(held, now);
      if (change === undefined) return undefined;
      const given = withinOffer(change.lease, terms);
      const mintSeconds = this.pace.mintSeconds + workSeconds(given);
      const handle = issuer.handleFor(target, jkt);
      const minting = await leases.intend(tx, change, { terms: given, handle, mintSeconds });
      if (minting?.mintBy === undefined || minting.mintBy === null) return undefined;
      await deliveries.note(tx, takingOf(ready));
      await timers.set(tx, [{ kind: leaseTimer, ref: lease.leaseId, dueAt: minting.mintBy }]);
      return { lease: minting, now };
    });
  }
}

/** What tells, later, who may ask for the answer again. */
function takingOf(ready: Ready): Taking {
  const endOnReplay = ready.profile.end_on_replay ?? false;
  return { leaseId: ready.lease.leaseId, jkt: ready.jkt, encKid: keyToDeliverTo(ready).kid, endOnReplay };
}

/** What the gate does itself may take as long as the agent could have worked with a credential. */
function workSeconds({ issuer, ttlSeconds }: Terms): number {
  return modeOf(issuer) === 'brokered' ? ttlSeconds : 0;
}
