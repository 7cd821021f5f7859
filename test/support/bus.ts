import { randomUUID } from 'node:crypto';
import { Kafka, logLevel, type Admin, type Consumer, type EachBatchPayload, type Producer } from 'kafkajs';

/** One record as it lies in the log. */
export interface BusRecord {
  topic: string;
  partition: number;
  offset: string;
  key: string;
  headers: Record<string, string>;
  value: string;
}

/** What goes into the log: whatever a holder of full producer rights may write. */
export interface BusMessage {
  key: string;
  headers: Record<string, string>;
  value: string;
}

/** Everything that is said on one topic, from its first record on, for as long as it is followed. */
export interface Following {
  readonly records: readonly BusRecord[];
  stop(): Promise<void>;
}

/** The broker as an outsider with all rights sees it. */
export class Bus {
  readonly #kafka: Kafka;
  readonly #producer: Producer;
  readonly admin: Admin;

  private constructor(brokers: string[]) {
    this.#kafka = new Kafka({ clientId: 'spec', brokers, logLevel: logLevel.NOTHING });
    this.#producer = this.#kafka.producer({ allowAutoTopicCreation: false });
    this.admin = this.#kafka.admin();
  }

  static async connect(brokers: string[]): Promise<Bus> {
    const bus = new Bus(brokers);
    await Promise.all([bus.#producer.connect(), bus.admin.connect()]);
    return bus;
  }

  async stop(): Promise<void> {
    await Promise.all([this.#producer.disconnect(), this.admin.disconnect()]);
  }

  /** All in one request: nobody reads the first before the last is there. */
  async send(topic: string, messages: readonly BusMessage[]): Promise<void> {
    await this.#producer.send({ topic, acks: -1, messages: [...messages] });
  }

  async follow(topic: string): Promise<Following> {
    return new Follower(this.#kafka.consumer(consumerOptions())).start(topic, () => undefined);
  }

  /** What the topic holds now, in the order of each partition. */
  async read(topic: string): Promise<BusRecord[]> {
    const offsets = await this.admin.fetchTopicOffsets(topic);
    const ends = new Map(
      offsets.filter(({ low, high }) => low !== high).map(({ partition, high }) => [partition, BigInt(high)]),
    );
    if (ends.size === 0) return [];
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const follower = await new Follower(this.#kafka.consumer(consumerOptions())).start(topic, (partition, next) => {
      if (next >= (ends.get(partition) ?? 0n)) ends.delete(partition);
      if (ends.size === 0) resolve(undefined);
    });
    await promise;
    await follower.stop();
    return [...follower.records];
  }
}

/** A group of its own each time, and no long wait for new records, because stopping waits for the fetch. */
const consumerOptions = () => ({ groupId: `spec-${randomUUID()}`, maxWaitTimeInMs: 100 });

class Follower implements Following {
  readonly records: BusRecord[] = [];

  constructor(private readonly consumer: Consumer) {}

  async start(topic: string, onProgress: (partition: number, next: bigint) => void): Promise<this> {
    await this.consumer.connect();
    await this.consumer.subscribe({ topics: [topic], fromBeginning: true });
    await this.consumer.run({
      autoCommit: false,
      eachBatch: ({ batch }: EachBatchPayload) => {
        for (const { offset, key, value, headers = {} } of batch.messages) {
          this.records.push({
            topic,
            partition: batch.partition,
            offset,
            key: key?.toString('utf8') ?? '',
            headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, String(text)])),
            value: value?.toString('utf8') ?? '',
          });
        }
        onProgress(batch.partition, BigInt(batch.lastOffset()) + 1n);
        return Promise.resolve();
      },
    });
    return this;
  }

  async stop(): Promise<void> {
    await this.consumer.disconnect();
  }
}
