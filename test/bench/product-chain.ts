import { outcomeValue, topics, type OutcomeValue } from '#contracts';
import type { Asked, Ticket } from '#sdk';
import kafkajs, { type Consumer, type Producer } from 'kafkajs';
import type { RunningGate, TestAgent } from '../support/running-gate.js';
import { latencies, round, type Latencies } from './figures.js';
import { openLoop } from './open-loop.js';

export interface Offer {
  agent: TestAgent;
  ticket: Ticket;
  value: OutcomeValue;
}

interface Sent {
  at: number;
  agent: TestAgent;
  ticket: Ticket;
}

/** The asking side of the product: signs and sends requests of many agents over Kafka, and sees what they are told. */
export class ProductChain {
  readonly #producer: Producer;
  readonly #consumer: Consumer;
  readonly #waiting = new Map<string, Sent>();
  readonly #aud: string;
  /** What is done with an offer, and with an action that waits for people; nothing by default. */
  onOffer: (offer: Offer) => void = () => undefined;
  onPending: (actionId: string) => void = () => undefined;
  #measured: number[] = [];
  #next = 0;
  arrived = 0;
  /** Told something else than an offer, by code. */
  readonly others = new Map<string, number>();

  constructor(private readonly gate: RunningGate) {
    const kafka = new kafkajs.Kafka({ clientId: 'bench', brokers: gate.brokers, logLevel: kafkajs.logLevel.NOTHING });
    this.#producer = kafka.producer({ allowAutoTopicCreation: false });
    this.#consumer = kafka.consumer({ groupId: 'bench-outcomes', maxWaitTimeInMs: 250, allowAutoTopicCreation: false });
    this.#aud = `${gate.trust.gate}/${topics.requests}`;
  }

  get underWay(): number {
    return this.#waiting.size;
  }

  async start(): Promise<void> {
    await Promise.all([this.#producer.connect(), this.#consumer.connect()]);
    await this.#consumer.subscribe({ topics: [topics.outcomes], fromBeginning: false });
    const joined = new Promise((resolve) => this.#consumer.on('consumer.group_join', resolve));
    await this.#consumer.run({
      partitionsConsumedConcurrently: 6,
      eachBatch: ({ batch }) => {
        const now = performance.now();
        for (const { key, value } of batch.messages) this.#heard(String(key), value, now);
        return Promise.resolve();
      },
    });
    await joined;
  }

  async stop(): Promise<void> {
    await Promise.all([this.#producer.disconnect(), this.#consumer.disconnect()]);
  }

  /** What is still under way is not waited for any more. */
  forget(): void {
    this.#waiting.clear();
  }

  /** Asks in the name of one agent after the other. */
  async send(count: number, asked: Asked): Promise<void> {
    const at = performance.now();
    const messages = Array.from({ length: count }, () => {
      const agent = this.gate.agent((this.#next += 1) % this.gate.agents.length);
      const { ticket, ce, value, signature } = agent.sdk.sign(asked, this.#aud);
      this.#waiting.set(ticket.actionId, { at, agent, ticket });
      const headers = {
        ce_specversion: '1.0',
        ce_id: ce.id,
        ce_source: ce.source,
        ce_type: ce.type,
        ce_time: new Date().toISOString(),
        'content-type': 'application/json',
        'sallyport-signature': signature,
      };
      return { key: ticket.actionId, value, headers };
    });
    await this.#producer.send({ topic: topics.requests, acks: -1, messages });
  }

  async at(perSecond: number, seconds: number, asked: Asked): Promise<Latencies & { sent: number; lost: number }> {
    await this.drained();
    this.#measured = [];
    const sent = await openLoop(perSecond, seconds, (count) => this.send(count, asked));
    const lost = await this.drained();
    return { ...latencies(this.#measured), sent, lost };
  }

  /** One at a time: nothing else is under way. */
  async unloaded(count: number, asked: Asked): Promise<Latencies> {
    this.#measured = [];
    for (let n = 0; n < count; n += 1) {
      await this.send(1, asked);
      await this.drained();
    }
    return latencies(this.#measured);
  }

  /** As many as it takes, with so many under way at once. */
  async sustained(
    seconds: number,
    asked: Asked,
    underWay = 2_000,
  ): Promise<{ perSecond: number; lost: number; done: number }> {
    await this.drained();
    const [before, started] = [this.arrived, performance.now()];
    while (performance.now() - started < seconds * 1_000) {
      const room = underWay - this.underWay;
      if (room >= 50) await this.send(Math.min(room, 300), asked);
      else await new Promise((later) => setTimeout(later, 1));
    }
    const done = this.arrived - before;
    const perSecond = round(done / ((performance.now() - started) / 1_000), 0);
    return { perSecond, lost: await this.drained(), done: this.arrived - before };
  }

  /** Waits until everything was answered; answers how many never were. */
  async drained(withinMs = 60_000): Promise<number> {
    const deadline = performance.now() + withinMs;
    while (this.underWay > 0 && performance.now() < deadline) await new Promise((later) => setTimeout(later, 2));
    const lost = this.underWay;
    this.#waiting.clear();
    return lost;
  }

  #heard(actionId: string, bytes: Buffer | null, now: number): void {
    const sent = this.#waiting.get(actionId);
    if (sent === undefined || bytes === null) return;
    const value = outcomeValue.parse(JSON.parse(bytes.toString('utf8')));
    if (value.outcome === 'pending') {
      this.onPending(actionId);
      return;
    }
    this.#waiting.delete(actionId);
    this.arrived += 1;
    if (value.outcome !== 'offered') {
      this.others.set(value.code, (this.others.get(value.code) ?? 0) + 1);
      return;
    }
    this.#measured.push(now - sent.at);
    this.onOffer({ agent: sent.agent, ticket: sent.ticket, value });
  }
}
