import { backoff, type Log, type PartState } from '#platform';
import type { Consumer, ConsumerCrashEvent, EachBatchPayload, Kafka } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import { groupConsumer } from './kafka/connection.js';
import { OffsetCommits } from './runner/offset-commits.js';
import type { Pauses } from './runner/pauses.js';
import { Pulse } from './runner/pulse.js';

export interface ConsumptionParts {
  kafka: Pick<Kafka, 'consumer' | 'admin'>;
  groupId: string;
  topics: readonly string[];
  pauses: Pauses;
  log: Log;
  /** The consumer is dead for good: the process must end, so that a fresh one takes over. */
  die: () => void;
}

export type EachBatch = (payload: EachBatchPayload) => Promise<void>;

/** A partition may wait this long before the service says that it is not ready. */
const patienceMs = 10_000;
const joiningMs = 5_000;

/** One member of the service's group, from the first attempt to connect to the last commit. */
export class Consumption {
  readonly offsets: OffsetCommits;
  readonly #consumer: Consumer;
  readonly #pulse = new Pulse();
  readonly #stopping = new AbortController();
  #started: Promise<void> = Promise.resolve();

  constructor(private readonly parts: ConsumptionParts) {
    this.#consumer = groupConsumer(parts.kafka, parts.groupId, () => !this.#stopping.signal.aborted);
    this.offsets = new OffsetCommits(this.#consumer, parts.log);
    this.#listen();
  }

  /** Joins the group; tries for ever: a broker that is down and a topic that is missing are waiting, and show in readiness. Never rejects. */
  start(eachBatch: EachBatch): Promise<void> {
    this.#started = this.#join(eachBatch);
    return this.#started;
  }

  async #join(eachBatch: EachBatch): Promise<void> {
    for (let attempt = 1; !this.#stopping.signal.aborted; attempt += 1) {
      try {
        await this.#run(eachBatch);
        return;
      } catch (error) {
        const waitMs = backoff(attempt, { firstMs: 200, longestMs: 5_000 });
        this.parts.log.warn('consumer.not_started', { topics: this.parts.topics, attempt, wait_ms: waitMs, error });
        await sleep(waitMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      }
    }
  }

  /** Call when no batch is being worked on. The commit comes first: kafkajs ignores commits once it is stopping. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    // kafkajs cannot stop a consumer that is still joining: it would go on afterwards.
    await Promise.race([this.#started, sleep(joiningMs, undefined, { ref: false })]);
    await this.offsets.stop();
    this.parts.pauses.stop();
    await this.#consumer.stop();
  }

  async disconnect(): Promise<void> {
    await this.#consumer.disconnect();
  }

  report(): PartState {
    const pulse = this.#pulse.report();
    if (!pulse.ok) return pulse;
    const [stuck] = this.parts.pauses.longerThan(patienceMs);
    if (!stuck) return pulse;
    return { ok: false, detail: `partition ${String(stuck.partition)} of ${stuck.topic} waits: ${stuck.reason}` };
  }

  async #run(eachBatch: EachBatch): Promise<void> {
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [...this.parts.topics], fromBeginning: true });
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      // At least the number of partitions, so that all batches of a fetch can wait for one transaction.
      partitionsConsumedConcurrently: await this.#partitions(),
      eachBatch,
    });
    this.offsets.start();
  }

  async #partitions(): Promise<number> {
    const admin = this.parts.kafka.admin();
    try {
      await admin.connect();
      const { topics } = await admin.fetchTopicMetadata({ topics: [...this.parts.topics] });
      return topics.reduce((sum, { partitions }) => sum + partitions.length, 0);
    } finally {
      await admin.disconnect();
    }
  }

  #listen(): void {
    const { GROUP_JOIN, HEARTBEAT, FETCH, CRASH, REBALANCING } = this.#consumer.events;
    this.#consumer.on(GROUP_JOIN, ({ payload }) => {
      this.#pulse.joined();
      this.offsets.keepOnly(payload.memberAssignment);
      this.parts.log.info('consumer.joined', {
        group_id: payload.groupId,
        member_id: payload.memberId,
        topics: Object.keys(payload.memberAssignment),
        count: Object.values(payload.memberAssignment).flat().length,
      });
    });
    this.#consumer.on(HEARTBEAT, () => {
      this.#pulse.beat();
    });
    this.#consumer.on(FETCH, () => {
      this.#pulse.fetched();
    });
    // Best effort: what the next owner of a partition reads again, it drops.
    this.#consumer.on(REBALANCING, () => void this.offsets.flush());
    this.#consumer.on(CRASH, (event) => {
      this.#crashed(event);
    });
  }

  #crashed({ payload }: ConsumerCrashEvent): void {
    this.#pulse.crashed();
    this.parts.log.error('consumer.crashed', {
      group_id: payload.groupId,
      reason: payload.restart ? 'restarting' : 'final',
      error: payload.error,
    });
    if (!payload.restart && !this.#stopping.signal.aborted) this.parts.die();
  }
}
