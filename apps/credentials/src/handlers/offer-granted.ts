import { Injectable } from '@nestjs/common';
import type { approvalGranted, DataOf } from '#contracts';
import type { Tx } from '#database';
import type { Incoming } from '#messaging';
import { OfferLeases } from './offer-leases.js';
import { ReadPassed } from './read-passed.js';

/** People granted it. What the event says it `granted` proves nothing: it is computed anew from the votes inside. */
@Injectable()
export class OfferGranted {
  constructor(
    private readonly passed: ReadPassed,
    private readonly leases: OfferLeases,
  ) {}

  async handle(events: Incoming<DataOf<typeof approvalGranted>>[], tx: Tx): Promise<void> {
    const passed = events.map((event) => {
      const { action_id: actionId, agent_id: agentId, evidence, granting } = event.data;
      const { facts, request, verdict, votes } = evidence;
      return { actionId, agentId, evidence: { request, verdict, votes, facts }, granting, event };
    });
    await this.leases.offer(await this.passed.read(passed, tx), tx);
  }
}
