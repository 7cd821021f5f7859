import kafkajs, { type Consumer, type Producer } from 'kafkajs';
import { latencies, round, type Latencies } from './figures.js';
import { openLoop } from './open-loop.js';

const hops = ['bare.requests', 'bare.accepted', 'bare.decided', 'bare.offered', 'bare.outcomes'];
const value = Buffer.alloc(1_200, 'x');

/** Four hops through kafkajs in one process, without database, signatures or rules: what the broker and the client can do here at most. */
export class BareChain {
  readonly #kafka;
  readonly #producer: Producer;
  readonly #consumers: Consumer[] = [];
  readonly #sentAt = new Map<string, number>();
  #measured: number[] = [];
  #arrived = 0;
  #next = 0;

  constructor(brokers: string[]) {
    this.#kafka = new kafkajs.Kafka({ clientId: 'bench-bare', brokers, logLevel: kafkajs.logLevel.NOTHING });
    this.#producer = this.#kafka.producer({ allowAutoTopicCreation: false });
  }

  async start(): Promise<void> {
    const admin = this.#kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: hops.map((topic) => ({ topic, numPartitions: 6 })), waitForLeaders: true });
    await admin.disconnect();
    await this.#producer.connect();
    await Promise.all(hops.slice(0, -1).map((topic, hop) => this.#relay(topic, hops[hop + 1] ?? '')));
    await this.#consume('bare.outcomes', (keys) => {
      this.#seen(keys);
      return Promise.resolve();
    });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#consumers, this.#producer].map((client) => client.disconnect()));
  }

  /** Latency of a hop chain at an open rate. */
  async at(perSecond: number, seconds: number): Promise<Latencies & { perSecond: number }> {
    this.#measured = [];
    const [arrived, started] = [this.#arrived, performance.now()];
    await openLoop(perSecond, seconds, (count) => this.#send(count));
    await this.#drained();
    const took = (performance.now() - started) / 1_000;
    return { ...latencies(this.#measured), perSecond: round((this.#arrived - arrived) / took, 0) };
  }

  /** As many as it takes, with so many under way at once. */
  async sustained(seconds: number, underWay = 2_000): Promise<number> {
    const [before, started] = [this.#arrived, performance.now()];
    while (performance.now() - started < seconds * 1_000) {
      const room = underWay - this.#sentAt.size;
      if (room >= 50) await this.#send(Math.min(room, 500));
      else await new Promise((later) => setTimeout(later, 1));
    }
    const rate = (this.#arrived - before) / ((performance.now() - started) / 1_000);
    await this.#drained();
    return round(rate, 0);
  }

  async #send(count: number): Promise<void> {
    const now = performance.now();
    const messages = Array.from({ length: count }, () => {
      const key = String((this.#next += 1));
      this.#sentAt.set(key, now);
      return { key, value };
    });
    await this.#producer.send({ topic: 'bare.requests', messages });
  }

  #relay(from: string, to: string): Promise<void> {
    return this.#consume(from, async (keys) => {
      await this.#producer.send({ topic: to, messages: keys.map((key) => ({ key, value })) });
    });
  }

  async #consume(topic: string, handle: (keys: Buffer[]) => Promise<void>): Promise<void> {
    const consumer = this.#kafka.consumer({
      groupId: `bench-${topic}`,
      maxWaitTimeInMs: 250,
      allowAutoTopicCreation: false,
    });
    this.#consumers.push(consumer);
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    const joined = new Promise((resolve) => consumer.on('consumer.group_join', resolve));
    await consumer.run({
      partitionsConsumedConcurrently: 6,
      eachBatch: ({ batch }) => handle(batch.messages.flatMap(({ key }) => (key === null ? [] : [key]))),
    });
    await joined;
  }

  #seen(keys: readonly Buffer[]): void {
    const now = performance.now();
    for (const key of keys.map(String)) {
      const at = this.#sentAt.get(key);
      if (at === undefined) continue;
      this.#sentAt.delete(key);
      this.#measured.push(now - at);
      this.#arrived += 1;
    }
  }

  async #drained(): Promise<void> {
    const deadline = performance.now() + 30_000;
    while (this.#sentAt.size > 0 && performance.now() < deadline) await new Promise((later) => setTimeout(later, 20));
    this.#sentAt.clear();
  }
}
