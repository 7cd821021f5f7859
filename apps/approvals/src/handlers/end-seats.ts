import { Injectable } from '@nestjs/common';
import { serviceUrn } from '#contracts';
import type { TimerHandler, Tx } from '#database';
import { seatsOver } from '../core/delegation.js';
import { seated } from '../core/vote.js';
import { DelegationStore } from '../io/delegation.store.js';
import { RegistryFacts } from '../io/registry-facts.js';
import { SaySeats } from './say-seats.js';
import { SeatTables } from './seat-tables.js';

/**
 * Whoever is not active any more gives and holds no seat, also when they come back: what was given away by them, or to them, ends for
 * good. Until this has run each vote finds the same by asking the registry.
 */
@Injectable()
export class EndSeats implements TimerHandler {
  constructor(
    private readonly registry: RegistryFacts,
    private readonly delegations: DelegationStore,
    private readonly tables: SeatTables,
    private readonly say: SaySeats,
  ) {}

  async handle(personIds: string[], tx: Tx): Promise<void> {
    const gone = personIds.filter((id) => this.registry.known('people', id)?.spec.state !== 'active');
    for (const actionId of await this.delegations.openOf(tx, gone)) await this.end(tx, actionId, new Set(gone));
  }

  private async end(tx: Tx, actionId: string, gone: ReadonlySet<string>): Promise<void> {
    const { given: all, held, votes } = await this.tables.locked(tx, actionId);
    if (held.state !== 'open') return;
    for (const [at, given] of seatsOver(all, { gone, seated: seated(votes) }).entries()) {
      await this.delegations.end(tx, actionId, given);
      const moved = { ...held, version: held.version + at };
      await this.say.handle(tx, moved, { given, stands: false, by: serviceUrn('registry') });
    }
  }
}
