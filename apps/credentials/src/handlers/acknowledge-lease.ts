import { Injectable } from '@nestjs/common';
import type { LeaseAnswer } from '#contracts';
import { callerOfKind, type Caller } from '#trust/http';
import { answerOf } from '../core/access.js';
import { DeliveryStore } from '../io/delivery.store.js';
import { OfferedLeases } from './offered-leases.js';

/** The agent has opened what it was given: the kept answer goes. Saying so again, or too early, changes nothing. */
@Injectable()
export class AcknowledgeLease {
  constructor(
    private readonly offered: OfferedLeases,
    private readonly deliveries: DeliveryStore,
  ) {}

  async handle(caller: Caller, leaseId: string): Promise<LeaseAnswer> {
    const { agent } = callerOfKind(caller, 'agent');
    const lease = await this.offered.find(leaseId, agent.id);
    await this.deliveries.giveUp(leaseId);
    return answerOf(lease);
  }
}
