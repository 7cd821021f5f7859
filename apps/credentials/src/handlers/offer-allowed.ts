import { Injectable } from '@nestjs/common';
import type { DataOf, policyAllowed } from '#contracts';
import type { Tx } from '#database';
import type { Incoming } from '#messaging';
import { OfferLeases } from './offer-leases.js';

/** Policy allowed it by itself: a lease is offered, without any person having been asked. */
@Injectable()
export class OfferAllowed {
  constructor(private readonly leases: OfferLeases) {}

  async handle(events: Incoming<DataOf<typeof policyAllowed>>[], tx: Tx): Promise<void> {
    const passed = events.map(({ data, traceparent }) => {
      const { request, verdict } = data.evidence;
      return {
        actionId: data.action_id,
        agentId: data.agent_id,
        evidence: { request, verdict, votes: undefined },
        traceparent,
      };
    });
    await this.leases.offer(passed, tx);
  }
}
