import { Injectable } from '@nestjs/common';
import type { AgentKey, LeaseBundle } from '#contracts';
import { Timers, type Tx } from '#database';
import { encryptTo, Keyring } from '#trust';
import { keepSeconds } from '../core/delivery.js';
import type { Lease } from '../core/lease.js';
import { DeliveryStore } from '../io/delivery.store.js';
import type { Minted } from '../io/issuers/issuer.js';

/** The timer that says when the kept answer of a lease must be forgotten. */
export const deliveryTimer = 'delivery';

/**
 * What redeem answers: a JWE that only the agent can open. It is kept for an agent that may have lost it, sealed with this
 * service's own key about this very lease.
 */
@Injectable()
export class Deliveries {
  constructor(
    private readonly store: DeliveryStore,
    private readonly keyring: Keyring,
    private readonly timers: Timers,
  ) {}

  /** JWE(JWS(bundle)): signed, because whoever has the agent's public key can encrypt to it. */
  seal(lease: Lease, minted: Minted, to: AgentKey): Promise<string> {
    if (lease.expiresAt === null) throw new TypeError('a lease that is being minted has an end');
    const { leaseId: lease_id, actionDigest: action_digest } = lease;
    const bundle: LeaseBundle = {
      gate: this.keyring.gate,
      lease_id,
      action_id: lease.actionId,
      action_digest,
      agent_id: lease.agentId,
      expires_at: lease.expiresAt.toISOString(),
      ...(minted.kind === 'result' ? { result: minted } : { credential: minted }),
    };
    return encryptTo(to, this.keyring.sign('lease', bundle), { lease_id, action_digest });
  }

  /** In the transaction that records the mint. */
  async keep(tx: Tx, leaseId: string, jwe: string): Promise<void> {
    await this.store.keep(tx, leaseId, this.keyring.seal(jwe, about(leaseId)));
    // A moment later than the row says, so that what is due is really over.
    await this.timers.set(tx, [{ kind: deliveryTimer, ref: leaseId, dueAt: { seconds: keepSeconds + 1 } }]);
  }

  /** The JWE. Throws when the row was exchanged: what does not open is no answer, and no doubt is cleared by minting again. */
  open(leaseId: string, sealed: Buffer): string {
    const jwe = this.keyring.unseal(sealed, about(leaseId));
    if (jwe === undefined) throw new TypeError('a kept answer does not open');
    return jwe;
  }
}

/** Their time is over: the kept answers are forgotten. */
@Injectable()
export class ForgetDeliveries {
  constructor(private readonly deliveries: DeliveryStore) {}

  async handle(leaseIds: string[], tx: Tx): Promise<void> {
    await this.deliveries.forget(tx, leaseIds);
  }
}

const about = (leaseId: string): string => `delivery:${leaseId}`;
