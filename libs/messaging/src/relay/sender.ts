import type { Message, Producer } from 'kafkajs';
import type { OutboxRow } from './outbox-row.js';
import { troubleOf, type Trouble } from './send-trouble.js';

/** One producer. After any trouble a new one: kafkajs goes on asking for the metadata of a topic that is gone, and fails for all. */
export class Sender {
  #producer: Producer | undefined;

  constructor(private readonly makeProducer: () => Producer) {}

  /** Resolves with nothing when every replica that must have the rows has them. Call again only after it has resolved: one send in flight. */
  async send(rows: readonly OutboxRow[]): Promise<Trouble | undefined> {
    try {
      const producer = await this.#connected();
      await producer.sendBatch({ acks: -1, timeout: 10_000, topicMessages: byTopic(rows) });
      return undefined;
    } catch (error) {
      await this.close();
      return troubleOf(error);
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.disconnect().catch(() => undefined);
  }

  async #connected(): Promise<Producer> {
    if (this.#producer) return this.#producer;
    const producer = this.makeProducer();
    // Kept before it is connected, so that closing also ends one whose connecting failed half-way.
    this.#producer = producer;
    await producer.connect();
    return producer;
  }
}

function byTopic(rows: readonly OutboxRow[]): { topic: string; messages: Message[] }[] {
  const topics = new Map<string, Message[]>();
  for (const { topic, key, headers, value } of rows) {
    const messages = topics.get(topic);
    const message = { key, headers, value };
    if (messages) messages.push(message);
    else topics.set(topic, [message]);
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }));
}
