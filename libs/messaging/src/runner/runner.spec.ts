import { actionCancelRequested, topics } from '#contracts';
import { Fault, Log } from '#platform';
import { describe, expect, it } from '@jest/globals';
import type { Batch, EachBatchPayload, KafkaMessage } from 'kafkajs';
import { on } from '../hears.js';
import { Coalescer } from './coalescer.js';
import type { Item } from './item.js';
import { OffsetCommits } from './offset-commits.js';
import { Pacer } from './pacer.js';
import { Pauses } from './pauses.js';
import { Routes } from './routes.js';
import { Runner } from './runner.js';

class Handler {
  async handle(): Promise<void> {}
}

const log = new Log('policy', 'error', { write: () => undefined });
const place = { topic: topics.actions, partition: 0 };

function aMessage(offset: number, type = 'sallyport.unheard.v1'): KafkaMessage {
  const headers = { ce_specversion: '1.0', ce_type: type };
  return {
    key: Buffer.from('k'),
    value: Buffer.from('{}'),
    headers,
    offset: String(offset),
    timestamp: '0',
    attributes: 0,
  };
}

/** What kafkajs gives, and what was done with it. */
class FakePayload implements EachBatchPayload {
  readonly resolved: string[] = [];
  pauses = 0;
  readonly batch: Batch;

  constructor(messages: KafkaMessage[]) {
    const last = messages[messages.length - 1]?.offset ?? '0';
    this.batch = {
      ...place, messages, highWatermark: '0', isEmpty: () => false, firstOffset: () => null, lastOffset: () => last, offsetLag: () => '0', offsetLagLow: () => '0',
    }; // prettier-ignore
  }

  resolveOffset = (offset: string): void => void this.resolved.push(offset);
  heartbeat = (): Promise<void> => Promise.resolve();
  pause = (): (() => void) => {
    this.pauses += 1;
    return () => undefined;
  };
  commitOffsetsIfNecessary = (): Promise<void> => Promise.resolve();
  uncommittedOffsets = () => ({ topics: [] });
  isRunning = (): boolean => true;
  isStale = (): boolean => false;
}

function setUp(settle: (items: readonly Item[], settled: (count: number) => void) => { failure: unknown } | undefined) {
  const pauses = new Pauses(log);
  const runner = new Runner({
    routes: new Routes([on(actionCancelRequested, Handler)], () => new Handler()),
    coalescer: new Coalescer({ settle: (items, settled) => Promise.resolve(settle(items, settled)) }),
    pauses,
    offsets: new OffsetCommits({ commitOffsets: () => Promise.resolve() }, log),
    pacer: new Pacer(0),
    log,
  });
  return { runner, pauses };
}

const settleAll = (items: readonly Item[], settled: (count: number) => void): undefined => {
  settled(items.length);
  return undefined;
};

describe('a batch of one partition', () => {
  it('is resolved to its end once everything is settled', async () => {
    const { runner } = setUp(settleAll);
    const payload = new FakePayload([aMessage(5), aMessage(6)]);
    await runner.eachBatch(payload);
    expect([payload.resolved.at(-1), payload.pauses]).toEqual(['6', 0]);
  });

  it('on an outage is resolved as far as it came, and its partition is paused', async () => {
    const { runner, pauses } = setUp((_, settled) => {
      settled(1);
      return { failure: new Fault('database_unavailable', { retryable: true }) };
    });
    const payload = new FakePayload([aMessage(5), aMessage(6)]);
    await runner.eachBatch(payload);
    expect([payload.resolved, payload.pauses]).toEqual([['5'], 1]);
    expect(pauses.isTroubled(place)).toBe(true);
    pauses.stop();
  });

  it('is handled up to the record that this build cannot read, and waits there', async () => {
    const { runner, pauses } = setUp(settleAll);
    const payload = new FakePayload([aMessage(5), aMessage(6, 'sallyport.action.cancel_requested.v2'), aMessage(7)]);
    await runner.eachBatch(payload);
    expect([payload.resolved, payload.pauses]).toEqual([['5'], 1]);
    pauses.stop();
  });

  it('never throws, whatever breaks inside the runner: that would stop every partition', async () => {
    const { runner, pauses } = setUp(() => {
      throw new TypeError('a bug of the runner');
    });
    const payload = new FakePayload([aMessage(5)]);
    Object.defineProperty(payload.batch, 'messages', {
      get: () => {
        throw new TypeError('a bug of the runner');
      },
    });
    await runner.eachBatch(payload);
    expect([payload.resolved, payload.pauses]).toEqual([[], 1]);
    pauses.stop();
  });

  it('is handed back unread once the service stops', async () => {
    const { runner } = setUp(settleAll);
    await runner.stop();
    const payload = new FakePayload([aMessage(5)]);
    await runner.eachBatch(payload);
    expect([payload.resolved, payload.pauses]).toEqual([[], 0]);
  });
});
