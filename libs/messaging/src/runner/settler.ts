import { fault, type Log } from '#platform';
import type { Unreadable } from '../incoming.js';
import { isInfrastructure } from './infrastructure.js';
import type { Item } from './item.js';
import { keyText, sha256Of } from './read-record.js';

/** How often an event is tried alone before it is given up. At once: what a moment would cure is infrastructure. */
const attemptsAlone = 3;

type Outcome = { failure: unknown } | undefined;

/** Brings items to their end in order: handled, or, when one cannot be handled, buried as a dead letter. */
export class Settler {
  constructor(
    private readonly transaction: { run(items: readonly Item[]): Promise<void> },
    private readonly log: Log,
  ) {}

  /**
   * Calls `settled(n)` for each n items, from the first on, whose transaction has committed. Resolves with the failure
   * when infrastructure fails; what was not settled then must be given again. Another error is searched for by halves,
   * so that one bad event costs some repeated work but never its neighbours. Never rejects.
   */
  async settle(items: readonly Item[], settled: (count: number) => void): Promise<Outcome> {
    const failure = await this.#attempt(items, settled);
    if (!failure || isInfrastructure(failure.failure)) return failure;
    const [only, second] = items;
    if (only !== undefined && second === undefined) return this.#alone(only, failure.failure, settled);
    const middle = items.length >> 1;
    return (await this.settle(items.slice(0, middle), settled)) ?? (await this.settle(items.slice(middle), settled));
  }

  async #attempt(items: readonly Item[], settled: (count: number) => void): Promise<Outcome> {
    try {
      await this.transaction.run(items);
    } catch (failure) {
      return { failure };
    }
    fault('after-commit-before-offset');
    settled(items.length);
    return undefined;
  }

  async #alone(item: Item, first: unknown, settled: (count: number) => void): Promise<Outcome> {
    let last = first;
    for (let attempt = 2; attempt <= attemptsAlone; attempt += 1) {
      const failure = await this.#attempt([item], settled);
      if (!failure || isInfrastructure(failure.failure)) return failure;
      last = failure.failure;
    }
    return this.#bury(item, last, settled);
  }

  async #bury(item: Item, error: unknown, settled: (count: number) => void): Promise<Outcome> {
    const dead = deadItem(item);
    if (!dead) return { failure: error };
    const { topic, partition, offset, code, sha256 } = dead.record;
    this.log.error('consumer.event_given_up', {
      topic,
      partition,
      offset,
      code,
      sha256,
      handler: handlerOf(item),
      error,
    });
    const failure = await this.#attempt([dead], settled);
    if (!failure || isInfrastructure(failure.failure)) return failure;
    // Ending what the service holds fails for a reason that waiting will not cure: the letter alone, and the log says so.
    this.log.error('consumer.unreadable_not_ended', { topic, partition, offset, code, error: failure.failure });
    return this.#attempt([{ ...dead, holds: false }], settled);
  }
}

function deadItem(item: Item): Extract<Item, { kind: 'unreadable' }> | undefined {
  if (item.kind === 'unreadable') return item;
  if (item.kind === 'event') {
    const { topic, partition, offset, key, value } = item.event;
    return { kind: 'unreadable', holds: true, record: letter({ topic, partition, offset, key }, value) };
  }
  if (item.kind === 'raw') {
    const { topic, partition, offset, key, value } = item.record;
    // The key of an untrusted record is its sender's word: it must not end anybody's action.
    return {
      kind: 'unreadable',
      holds: false,
      record: letter({ topic, partition, offset, key: keyText({ key }) }, value),
    };
  }
  return undefined;
}

function letter(place: Pick<Unreadable, 'topic' | 'partition' | 'offset' | 'key'>, value: Buffer | null): Unreadable {
  return { ...place, code: 'handler_failed', sha256: sha256Of(value) };
}

function handlerOf(item: Item): string | undefined {
  return item.kind === 'event' || item.kind === 'raw' ? item.lane.name : undefined;
}
