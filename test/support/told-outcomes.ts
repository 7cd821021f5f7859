import { terminalOutcomes, topics, type OutcomeName, type OutcomeValue } from '#contracts';
import type { Asked, Ticket } from '#sdk';
import { verifyOutcome } from '#trust';
import type { Bus, BusRecord, Following } from './bus.js';
import type { RunningGate, TestAgent } from './running-gate.js';

/** One request that an agent made. */
export interface Ask {
  agent: TestAgent;
  ticket: Ticket;
}

/** What the gate told an agent, once per event, however often the record was sent. */
export interface Told {
  eventId: string;
  value: OutcomeValue;
}

/** Signs for the Kafka door, the agents in turn, and puts all requests into the topic at once. */
export async function askAtOnce(gate: RunningGate, bus: Bus, asked: readonly Asked[]): Promise<Ask[]> {
  const aud = `${gate.trust.gate}/${topics.requests}`;
  const signed = asked.map((one, index) => {
    const agent = gate.agent(index % gate.agents.length);
    return { agent, request: agent.sdk.sign(one, aud) };
  });
  await bus.send(
    topics.requests,
    signed.map(({ request: { ce, value, signature } }) => {
      const attributes = { ce_specversion: '1.0', ce_id: ce.id, ce_source: ce.source, ce_type: ce.type };
      const headers = { ...attributes, 'content-type': 'application/json', 'sallyport-signature': signature };
      return { key: ce.id, headers, value };
    }),
  );
  return signed.map(({ agent, request }) => ({ agent, ticket: request.ticket }));
}

/** The outcomes topic, as the agents see it: only what verifies counts. */
export class ToldOutcomes {
  readonly #byAction = new Map<string, BusRecord[]>();
  #read = 0;

  constructor(
    private readonly gate: RunningGate,
    private readonly following: Following,
  ) {}

  static async follow(gate: RunningGate, bus: Bus): Promise<ToldOutcomes> {
    return new ToldOutcomes(gate, await bus.follow(topics.outcomes));
  }

  stop(): Promise<void> {
    return this.following.stop();
  }

  of({ agent, ticket: { actionId } }: Ask): Told[] {
    this.#takeNew();
    const told = (this.#byAction.get(actionId) ?? []).map((record) => this.#verified(record, agent.id, actionId));
    const distinct = new Map(told.map((one) => [one.eventId, one]));
    return [...distinct.values()];
  }

  namesOf(ask: Ask): OutcomeName[] {
    return this.of(ask).map(({ value }) => value.outcome);
  }

  codesOf(ask: Ask): string[] {
    return this.of(ask).map(({ value: { outcome, code } }) => `${outcome}/${code}`);
  }

  terminalOf(ask: Ask): OutcomeValue[] {
    return this.of(ask).flatMap(({ value }) => (terminalOutcomes.has(value.outcome) ? [value] : []));
  }

  leaseOf(ask: Ask): NonNullable<OutcomeValue['lease']> | undefined {
    return this.of(ask).find(({ value }) => value.outcome === 'offered')?.value.lease;
  }

  /** Throws for a record that no service of the gate signed: nothing else may ever be on this topic. */
  #verified({ headers, value }: BusRecord, agentId: string, actionId: string): Told {
    const { ce_id: id = '', ce_source: source = '', ce_type: type = '' } = headers;
    const signed = { ce: { id, source, type }, value, signature: headers['sallyport-signature'] ?? '' };
    const verified = verifyOutcome(this.gate.trust, signed, { agentId, actionId });
    if (!verified.ok) throw new Error(`an outcome of ${actionId} does not verify: ${value}`);
    return { eventId: id, value: verified.value };
  }

  #takeNew(): void {
    const { records } = this.following;
    for (; this.#read < records.length; this.#read += 1) {
      const record = records[this.#read];
      if (record === undefined) return;
      const known = this.#byAction.get(record.key);
      if (known === undefined) this.#byAction.set(record.key, [record]);
      else known.push(record);
    }
  }
}
