import kafkajs, {
  Kafka,
  logLevel,
  type CompressionTypes,
  type IHeaders,
  type KafkaMessage,
  type Producer,
} from 'kafkajs';
import { topics } from '#contracts';

/** What specs do with a broker from outside: as an agent, as an operator, and as somebody who means no good. */
export class SpecBus {
  readonly #producers: Producer[] = [];
  #producer: Producer | undefined;

  constructor(readonly brokers: string) {}

  client(): Kafka {
    return new Kafka({ brokers: [this.brokers], clientId: 'spec', logLevel: logLevel.NOTHING });
  }

  async produce(
    topic: string,
    messages: { key: string | null; value: string | Buffer | null; headers?: IHeaders }[],
  ): Promise<void> {
    const producer = await this.#connected();
    await producer.send({ topic, messages });
  }

  /** Batches of one small and one great record in each of these compressions; the broker takes them apart or refuses them. */
  async compressedBatches(compressions: readonly CompressionTypes[]): Promise<void> {
    const producer = await this.#connected();
    for (const compression of compressions) {
      for (const value of [Buffer.from('{"not":"signed"}'), Buffer.alloc(100_000, 'x'), Buffer.alloc(30_000_000)]) {
        await producer.send({ topic: topics.requests, compression, messages: [{ key: 'bomb', value }] }).catch(refused);
      }
    }
  }

  /** A record of 1 MB, which the broker refuses, and a transaction that is never ended, which hides what comes behind it. */
  async hostileProducers(): Promise<void> {
    const producer = await this.#connected();
    await producer
      .send({ topic: topics.requests, messages: [{ key: 'big', value: Buffer.alloc(1_048_576, 'x') }] })
      .catch(refused);
    const endless = this.client().producer({
      transactionalId: 'endless',
      maxInFlightRequests: 1,
      idempotent: true,
      transactionTimeout: 60_000,
    });
    await endless.connect();
    const transaction = await endless.transaction();
    const messages = Array.from({ length: 60 }, (_, n) => ({ key: `t${String(n)}`, value: 'open' }));
    await transaction.send({ topic: topics.requests, messages });
    this.#producers.push(endless);
  }

  async #connected(): Promise<Producer> {
    this.#producer ??= this.client().producer({ allowAutoTopicCreation: false, retry: { retries: 2 } });
    await this.#producer.connect();
    return this.#producer;
  }

  /** Takes the records of some keys off a topic of one partition, by writing the others anew behind all that was there. */
  async forget(topic: string, forgotten: readonly string[]): Promise<void> {
    const kept = (await this.records(topic)).filter(({ key }) => !forgotten.includes(key?.toString() ?? ''));
    const admin = this.client().admin();
    await admin.connect();
    const [end] = await admin.fetchTopicOffsets(topic);
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: topic,
          configEntries: [{ name: 'cleanup.policy', value: 'compact,delete' }],
        },
      ],
    });
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: end?.high ?? '0' }] });
    await admin.disconnect();
    const messages = kept.map(({ key, value, headers }) => ({
      key: key?.toString() ?? '',
      value,
      headers: headers ?? {},
    }));
    await this.produce(topic, messages);
  }

  /** Every record that is on a topic now, each partition in its order. */
  async records(topic: string): Promise<(KafkaMessage & { partition: number })[]> {
    const kafka = this.client();
    const admin = kafka.admin();
    await admin.connect();
    const ends = await admin.fetchTopicOffsets(topic);
    await admin.disconnect();
    const left = new Map(
      ends.filter(({ low, high }) => low !== high).map(({ partition, high }) => [partition, BigInt(high)]),
    );
    const found: (KafkaMessage & { partition: number })[] = [];
    if (left.size === 0) return found;
    const consumer = kafka.consumer({ groupId: `spec-${crypto.randomUUID()}`, maxWaitTimeInMs: 50 });
    const all = Promise.withResolvers<undefined>();
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: ({ partition, message }) => {
        found.push({ ...message, partition });
        if (BigInt(message.offset) + 1n >= (left.get(partition) ?? -1n)) left.delete(partition);
        if (left.size === 0) all.resolve(undefined);
        return Promise.resolve();
      },
    });
    await all.promise;
    await consumer.disconnect();
    return found.sort((a, b) => a.partition - b.partition || Number(BigInt(a.offset) - BigInt(b.offset)));
  }

  async close(): Promise<void> {
    for (const producer of this.#producers) await producer.disconnect();
    await this.#producer?.disconnect();
  }
}

/** The broker's no is as good as ours. */
const refused = (): undefined => undefined;
