import { Injectable } from '@nestjs/common';
import type { SignedOutcome } from '#contracts';
import type { Tx } from '#database';
import { DeadLetters, type Incoming } from '#messaging';
import { settlementOf, type Settlement } from '../core/settlement.js';
import { AccountStore } from '../io/account.store.js';
import { Evidence } from '../io/evidence.js';

export type Told = Incoming<{ agent_id: string; outcome: SignedOutcome }>;

/**
 * Which events settle money that is in flight. Only the signature of whoever held the action does: an end that anybody
 * could write would lift the limits, and a release that anybody could write would use them up.
 */
@Injectable()
export class SettleReservations {
  constructor(
    private readonly accounts: AccountStore,
    private readonly evidence: Evidence,
    private readonly deadLetters: DeadLetters,
  ) {}

  /** The actions that are settled so. Most actions move no money: nothing is verified about those. */
  async settled(tx: Tx, events: readonly Told[], as: Settlement): Promise<string[]> {
    const inFlight = await this.accounts.inFlight(
      tx,
      events.map(({ subject }) => subject),
    );
    const [genuine, forged]: [string[], Told[]] = [[], []];
    for (const event of events.filter(({ subject }) => inFlight.has(subject))) {
      if (this.settles(event) === as) genuine.push(event.subject);
      else forged.push(event);
    }
    await this.deadLetters.bury(tx, forged);
    return genuine;
  }

  private settles({ subject, data }: Told): Settlement | undefined {
    const said = this.evidence.outcomeOf(subject, data);
    return said && settlementOf(said.service, said.outcome);
  }
}
