import { Injectable } from '@nestjs/common';
import { outcomesTopic, type SignedOutcome } from '#contracts';
import type { Tx } from '#database';
import { RegistryClient, RegistryCopy } from '#facts';
import { Outbox } from '#messaging';
import { Log } from '#platform';
import { ActionStore, type NewOutcome } from '../io/action.store.js';

export interface Forward {
  agentId: string;
  signed: SignedOutcome;
  traceparent: string | undefined;
}

/** Sends each outcome on, byte for byte, to the topic that its agent's registry entry names. */
@Injectable()
export class ForwardOutcomes {
  constructor(
    private readonly actions: ActionStore,
    private readonly copy: RegistryCopy,
    private readonly registry: RegistryClient,
    private readonly outbox: Outbox,
    private readonly log: Log,
  ) {}

  /** Answers the event ids that were new, and forwards those. */
  async handle(tx: Tx, outcomes: readonly (Forward & NewOutcome)[]): Promise<Set<string>> {
    const fresh = await this.actions.addOutcomes(tx, outcomes);
    await this.alarm(
      tx,
      outcomes.filter(({ eventId, terminal }) => terminal && !fresh.has(eventId)),
    );
    const forwarded = outcomes.filter(({ eventId }) => fresh.has(eventId));
    const topics = await this.topicsOf(forwarded.map(({ agentId }) => agentId));
    await this.outbox.send(
      tx,
      forwarded.flatMap(({ agentId, actionId, signed, traceparent }) => {
        const topic = topics.get(agentId);
        if (topic === undefined) return [];
        return [{ topic, key: actionId, headers: headersOf(signed, traceparent), value: signed.value }];
      }),
    );
    return fresh;
  }

  /** A second terminal outcome is a broken promise somewhere: it is not told, and operators must see it. */
  private async alarm(tx: Tx, notFresh: readonly NewOutcome[]): Promise<void> {
    const repeated = await this.actions.knownEvents(
      tx,
      notFresh.map(({ eventId }) => eventId),
    );
    for (const { eventId, actionId, outcome, code } of notFresh) {
      if (repeated.has(eventId)) continue;
      this.log.error('outcome.second_terminal', { action_id: actionId, outcome, code });
    }
  }

  /** An agent that the copy does not know may be new: the registry is asked. One that nobody knows has no topic to be told on. */
  private async topicsOf(agentIds: readonly string[]): Promise<Map<string, string>> {
    const known = new Map<string, string>();
    const unknown: string[] = [];
    for (const id of new Set(agentIds)) {
      const agent = this.copy.get('agents', id);
      if (agent === undefined) unknown.push(id);
      else known.set(id, outcomesTopic(agent.spec.outcomes));
    }
    if (unknown.length === 0) return known;
    const found = await this.registry.current(unknown.map((id) => ({ kind: 'agents' as const, id })));
    for (const agent of found) if (agent !== null) known.set(agent.id, outcomesTopic(agent.spec.outcomes));
    return known;
  }
}

function headersOf({ ce, signature }: SignedOutcome, traceparent: string | undefined): Record<string, string> {
  return {
    ce_specversion: '1.0',
    ce_id: ce.id,
    ce_source: ce.source,
    ce_type: ce.type,
    'content-type': 'application/json',
    'sallyport-signature': signature,
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}
