import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import type { Incoming } from '#messaging';
import type { Learned } from '../io/action.store.js';
import { FollowActions } from './follow-actions.js';
import { ForwardOutcomes } from './forward-outcomes.js';
import { ReadEvents, type Read } from './read-events.js';
import { RefuseForged } from './refuse-forged.js';
import { TellPeople } from './tell-people.js';

/**
 * Everything that services say about actions: remembers states, forwards each signed outcome to its agent, and sees that
 * people are told. A forged event changes nothing here.
 */
@Injectable()
export class RecordEvents {
  constructor(
    private readonly reader: ReadEvents,
    private readonly refuse: RefuseForged,
    private readonly forward: ForwardOutcomes,
    private readonly follow: FollowActions,
    private readonly people: TellPeople,
  ) {}

  async handle(events: Incoming<unknown>[], tx: Tx): Promise<void> {
    const all = events.map((event) => this.reader.read(event));
    await this.refuse.handle(
      tx,
      events.filter((_, index) => all[index] === undefined),
    );
    const genuine = all.filter((one) => one !== undefined);
    const outcomes = genuine.flatMap(({ outcome }) => (outcome === undefined ? [] : [outcome]));
    const fresh = await this.forward.handle(tx, outcomes);
    const saved = await this.follow.handle(
      tx,
      genuine.map((one) => settled(one, fresh)),
    );
    await this.people.handle(tx, saved);
    await this.people.tell(
      tx,
      genuine.flatMap(({ due = [] }) => due),
    );
    await this.people.remindLater(tx, genuine);
    await this.people.alarm(
      tx,
      genuine.flatMap(({ replayed }) => replayed ?? []),
    );
  }
}

/** An outcome that was heard before, or that would be a second end, teaches no state. */
function settled({ learned, outcome }: Read, fresh: Set<string>): Learned {
  if (outcome === undefined || fresh.has(outcome.eventId)) return learned;
  const { actionId, agentId, isAgentProven, audience } = learned;
  return { actionId, agentId, isAgentProven, ...(audience === undefined ? {} : { audience }) };
}
