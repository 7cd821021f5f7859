import { Injectable } from '@nestjs/common';
import type { DataOf, policyAllowed } from '#contracts';
import type { Tx } from '#database';
import type { Incoming } from '#messaging';
import { OfferLeases } from './offer-leases.js';
import { ReadPassed } from './read-passed.js';

/** Policy allowed it by itself: a lease is offered, without any person having been asked. */
@Injectable()
export class OfferAllowed {
  constructor(
    private readonly passed: ReadPassed,
    private readonly leases: OfferLeases,
  ) {}

  async handle(events: Incoming<DataOf<typeof policyAllowed>>[], tx: Tx): Promise<void> {
    const passed = events.map((event) => {
      const { action_id: actionId, agent_id: agentId, evidence } = event.data;
      const { request, verdict } = evidence;
      return { actionId, agentId, evidence: { request, verdict, votes: undefined }, granting: undefined, event };
    });
    await this.leases.offer(await this.passed.read(passed, tx), tx);
  }
}
