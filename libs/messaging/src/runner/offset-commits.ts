import type { Log } from '#platform';
import type { TopicPartitionOffsetAndMetadata } from 'kafkajs';

export interface CommitsOffsets {
  commitOffsets(offsets: TopicPartitionOffsetAndMetadata[]): Promise<void>;
}

const everyMs = 1_000;

/**
 * Commits all partitions in one request a second, and once at the end; kafkajs alone would send one per partition and
 * batch. What a crash loses of it is read again and dropped as a duplicate.
 */
export class OffsetCommits {
  /** Next offset to read, by topic and partition. */
  readonly #pending = new Map<string, TopicPartitionOffsetAndMetadata>();
  #timer: NodeJS.Timeout | undefined;
  #inFlight: Promise<void> | undefined;

  constructor(
    private readonly consumer: CommitsOffsets,
    private readonly log: Log,
  ) {}

  start(): void {
    this.#timer = setInterval(() => void this.flush(), everyMs);
  }

  /** Everything up to `offset` is done. Offsets have 64 bits: never a JavaScript number. */
  done(topic: string, partition: number, offset: string): void {
    this.#pending.set(`${topic} ${String(partition)}`, { topic, partition, offset: (BigInt(offset) + 1n).toString() });
  }

  /** Never rejects: what could not be committed is committed with the next round. */
  async flush(): Promise<void> {
    await this.#inFlight;
    if (this.#pending.size === 0) return;
    this.#inFlight ??= this.#commit();
    await this.#inFlight;
  }

  /** After a rebalance: partitions that other members own now are theirs to commit. */
  keepOnly(assignment: Readonly<Record<string, readonly number[]>>): void {
    for (const [name, { topic, partition }] of this.#pending) {
      if (!assignment[topic]?.includes(partition)) this.#pending.delete(name);
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  async #commit(): Promise<void> {
    const batch = new Map(this.#pending);
    try {
      await this.consumer.commitOffsets([...batch.values()]);
      for (const [name, entry] of batch) if (this.#pending.get(name) === entry) this.#pending.delete(name);
    } catch (error) {
      this.log.warn('consumer.offsets_not_committed', { partitions: batch.size, error });
    } finally {
      this.#inFlight = undefined;
    }
  }
}
