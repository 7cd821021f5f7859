import type { Log } from '#platform';
import type { EachBatchPayload } from 'kafkajs';
import type { Coalescer, SliceEnd } from './coalescer.js';
import type { Item, Wait } from './item.js';
import type { OffsetCommits } from './offset-commits.js';
import type { Pacer } from './pacer.js';
import type { Pauses } from './pauses.js';
import { readRecord, type Place } from './read-record.js';
import type { Routes } from './routes.js';

export interface RunnerParts {
  routes: Routes;
  coalescer: Coalescer;
  pauses: Pauses;
  offsets: OffsetCommits;
  pacer: Pacer;
  log: Log;
}

/** Well below the session time-out: kafkajs sends heartbeats only between batches. */
const beatEveryMs = 2_000;

/** One batch of one partition from kafkajs to its end. Nothing ever throws out of `eachBatch`: that would stop all partitions. */
export class Runner {
  #stopping = false;

  constructor(private readonly parts: RunnerParts) {}

  /** From here on batches are handed back unread. Resolves when no transaction runs. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.parts.coalescer.idle();
  }

  async eachBatch(payload: EachBatchPayload): Promise<void> {
    const { topic, partition } = payload.batch;
    const place = { topic, partition };
    // kafkajs repeats a heartbeat that failed; what it means (a rebalance) it finds out itself after this batch.
    const beat = setInterval(() => void payload.heartbeat().catch(() => undefined), beatEveryMs);
    try {
      await this.#handle(payload, place);
    } catch (error) {
      // A bug of the runner itself. Waiting keeps the other partitions alive and loses nothing.
      this.parts.pauses.pause(place, payload.pause(), { reason: 'runner_failed', error });
    } finally {
      clearInterval(beat);
    }
    await this.parts.pacer.turn();
  }

  async #handle(payload: EachBatchPayload, place: Place): Promise<void> {
    if (this.#stopping) return;
    const { items, wait } = this.#read(payload, place);
    const progress = new Progress(payload, place, this.parts.offsets);
    const end: SliceEnd =
      items.length === 0
        ? { end: 'settled' }
        : await this.parts.coalescer.offer({
            items,
            alone: this.parts.pauses.isTroubled(place),
            isStale: () => this.#stopping || !payload.isRunning() || payload.isStale(),
            settled: (count) => {
              progress.settled(count);
            },
          });
    if (end.end === 'failed')
      this.parts.pauses.pause(place, payload.pause(), { reason: 'infrastructure', error: end.error });
    else if (end.end === 'settled') this.#settled(payload, place, wait);
  }

  #settled(payload: EachBatchPayload, place: Place, wait: Wait | undefined): void {
    if (!wait) {
      this.parts.pauses.succeeded(place);
      return;
    }
    this.parts.pauses.pause(place, payload.pause(), { reason: `${wait.code}: ${wait.type}` });
  }

  #read({ batch }: EachBatchPayload, place: Place): { items: Item[]; wait: Wait | undefined } {
    const items: Item[] = [];
    for (const message of batch.messages) {
      const item = readRecord(message, place, this.parts.routes);
      if (item.kind === 'wait') return { items, wait: item };
      items.push(item);
    }
    return { items, wait: undefined };
  }
}

/** Tells kafkajs and the commits how far a batch has come. */
class Progress {
  #done = 0;

  constructor(
    private readonly payload: EachBatchPayload,
    private readonly place: Place,
    private readonly offsets: OffsetCommits,
  ) {}

  settled(count: number): void {
    this.#done += count;
    const { batch } = this.payload;
    const last = batch.messages[this.#done - 1];
    if (!last) return;
    this.payload.resolveOffset(last.offset);
    // Behind the last record the log may hold what never reaches us (compacted away, control records).
    const offset = this.#done === batch.messages.length ? batch.lastOffset() : last.offset;
    this.offsets.done(this.place.topic, this.place.partition, offset);
  }
}
