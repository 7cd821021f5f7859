import { Injectable } from '@nestjs/common';
import type { approvalDenied, DataOf } from '#contracts';
import type { Tx } from '#database';
import { DeadLetters, type Incoming, type SliceHandler } from '#messaging';
import { Evidence } from '../io/evidence.js';
import { RefusalStore } from '../io/refusal.store.js';
import { FreeReservations } from './free-reservations.js';

type Denied = Incoming<DataOf<typeof approvalDenied>>;

/**
 * People, or approvals itself, said no. A person's no is remembered by the shape of what was asked; only approvals' signature makes one: a
 * no that anybody could write would shut an agent out.
 */
@Injectable()
export class HearDenials implements SliceHandler<typeof approvalDenied> {
  constructor(
    private readonly evidence: Evidence,
    private readonly refusals: RefusalStore,
    private readonly free: FreeReservations,
    private readonly deadLetters: DeadLetters,
  ) {}

  async handle(events: Denied[], tx: Tx): Promise<void> {
    const byPeople = events.filter(({ data }) => data.code === code);
    const forged = byPeople.filter((event) => !this.isSigned(event));
    await this.deadLetters.bury(tx, forged);
    const refused = byPeople.filter((event) => !forged.includes(event));
    await this.refusals.note(
      tx,
      refused.map(({ subject }) => subject),
    );
    await this.free.handle(
      events.filter((event) => !forged.includes(event)),
      tx,
    );
  }

  private isSigned({ subject, data }: Denied): boolean {
    const said = this.evidence.outcomeOf(subject, data);
    return said?.service === 'approvals' && said.outcome === 'denied' && said.code === code;
  }
}

const code = 'person_denied';
