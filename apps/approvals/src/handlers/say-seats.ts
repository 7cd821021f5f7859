import { Injectable } from '@nestjs/common';
import { approvalDelegated } from '#contracts';
import type { Tx } from '#database';
import { Outbox, type Said } from '#messaging';
import type { Held } from '../core/approval.js';
import type { Given } from '../core/eligibility.js';
import { ApprovalStore } from '../io/approval.store.js';

export interface SeatTold {
  given: Given;
  /** Given, or ended. */
  stands: boolean;
  /** A person, or a service. */
  by: string;
  reason?: string;
  traceparent?: string | undefined;
}

/** A seat has changed hands: it stands in the history of the request, and is told. */
@Injectable()
export class SaySeats {
  constructor(
    private readonly approvals: ApprovalStore,
    private readonly outbox: Outbox,
  ) {}

  /** `held` is locked by `tx`, and open. */
  async handle(tx: Tx, held: Held, told: SeatTold): Promise<void> {
    const { by, given, reason, stands } = told;
    const what = `${stands ? 'seat given to' : 'seat taken back from'} ${given.receiver}`;
    const note = { actionId: held.actionId, from: held.version, what, by };
    await this.approvals.note(tx, 'open', [reason === undefined ? note : { ...note, reason }]);
    await this.outbox.say(tx, [saidOf(held, told)]);
  }
}

function saidOf(held: Held, { given, stands, traceparent }: SeatTold): Said<typeof approvalDelegated> {
  const { giver, receiver, signed, until } = given;
  const who = { action_id: held.actionId, agent_id: held.agentId };
  return {
    event: approvalDelegated,
    subject: held.actionId,
    sequence: held.version + 1,
    data: { ...who, by: giver, to: receiver, until: until.toISOString(), stands, delegated: signed },
    traceparent: traceparent ?? held.traceparent,
  };
}
