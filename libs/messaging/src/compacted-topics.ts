import { backoff, newId, type Log } from '#platform';
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RawRecord } from './incoming.js';
import { groupConsumer } from './kafka/connection.js';
import { ReadingEnds } from './reading-ends.js';
import { rawRecord } from './runner/read-record.js';

export interface ReadOptions {
  /** Records in the order of their partition; the next ones come after this resolves. A rejection is tried again, for ever. */
  onRecords: (records: RawRecord[]) => Promise<void> | void;
  /** Ends the reading. */
  signal: AbortSignal;
}

export interface CompactedReading {
  /** Resolves when everything that was on the topic at the start has been handed over. Never rejects. */
  caughtUp: Promise<void>;
}

const limits = { firstMs: 200, longestMs: 5_000 };

/**
 * Reads a compacted topic from its beginning and follows it: every process by itself, all partitions, nothing committed. After
 * trouble it begins again at the beginning, so what is handed over may come again, and an older version after a newer one.
 */
export class CompactedTopics {
  constructor(
    private readonly kafka: Kafka,
    private readonly service: string,
    private readonly log: Log,
  ) {}

  readCompacted(topic: string, options: ReadOptions): CompactedReading {
    const caughtUp = Promise.withResolvers<undefined>();
    void this.#follow(topic, options, () => {
      caughtUp.resolve(undefined);
    });
    return { caughtUp: caughtUp.promise };
  }

  async #follow(topic: string, options: ReadOptions, onCaughtUp: () => void): Promise<void> {
    for (let attempt = 1; !options.signal.aborted; attempt += 1) {
      const reading = new Reading({
        kafka: this.kafka,
        groupId: `sallyport.${this.service}.read.${newId()}`,
        topic,
        options,
      });
      try {
        await reading.run(onCaughtUp);
      } catch (error) {
        this.log.warn('reader.interrupted', { topic, attempt, error });
      }
      await reading.close();
      await sleep(backoff(attempt, limits), undefined, { signal: options.signal }).catch(() => undefined);
    }
  }
}

interface ReadingParts {
  kafka: Kafka;
  /** kafkajs reads in groups only: a group of one, never committed, which the broker forgets when its member leaves. */
  groupId: string;
  topic: string;
  options: ReadOptions;
}

/** One pass from the beginning until trouble or the end. */
class Reading {
  readonly #consumer: Consumer;
  readonly #crashed = Promise.withResolvers<never>();

  constructor(private readonly parts: ReadingParts) {
    this.#consumer = groupConsumer(parts.kafka, parts.groupId, () => false);
    this.#consumer.on(this.#consumer.events.CRASH, ({ payload }) => {
      this.#crashed.reject(payload.error);
    });
    this.#crashed.promise.catch(() => undefined);
  }

  /** Resolves when the signal aborts, rejects when the consumer breaks. */
  async run(onCaughtUp: () => void): Promise<void> {
    const { topic, kafka, options } = this.parts;
    const ends = new ReadingEnds(await endsOf(kafka, topic));
    if (ends.isReached) onCaughtUp();
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [topic], fromBeginning: true });
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: async (payload) => {
        if (!(await this.#take(payload))) return;
        ends.reached(payload.batch.partition, payload.batch.lastOffset());
        if (ends.isReached) onCaughtUp();
      },
    });
    await Promise.race([this.#crashed.promise, aborted(options.signal)]);
  }

  async close(): Promise<void> {
    await this.#consumer.disconnect().catch(() => undefined);
  }

  /** False when the records have to be given again. */
  async #take(payload: EachBatchPayload): Promise<boolean> {
    const { batch } = payload;
    try {
      await this.parts.options.onRecords(batch.messages.map((message) => rawRecord(message, batch)));
    } catch {
      // Whoever takes the records says in the log why it could not.
      setTimeout(payload.pause(), limits.longestMs).unref();
      return false;
    }
    payload.resolveOffset(batch.messages[batch.messages.length - 1]?.offset ?? batch.lastOffset());
    return true;
  }
}

async function endsOf(kafka: Kafka, topic: string): Promise<{ partition: number; low: string; high: string }[]> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await admin.fetchTopicOffsets(topic);
  } finally {
    await admin.disconnect();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => { resolve(); }, { once: true }); // prettier-ignore
  });
}
