import { Injectable } from '@nestjs/common';
import type { approvalGranted, DataOf } from '#contracts';
import type { Tx } from '#database';
import type { Incoming } from '#messaging';
import { OfferLeases } from './offer-leases.js';

/** People granted it. The event itself proves nothing: what it `granted` is computed anew from the votes inside. */
@Injectable()
export class OfferGranted {
  constructor(private readonly leases: OfferLeases) {}

  async handle(events: Incoming<DataOf<typeof approvalGranted>>[], tx: Tx): Promise<void> {
    const passed = events.map(({ data, traceparent }) => {
      const { request, verdict, votes } = data.evidence;
      return { actionId: data.action_id, agentId: data.agent_id, evidence: { request, verdict, votes }, traceparent };
    });
    await this.leases.offer(passed, tx);
  }
}
