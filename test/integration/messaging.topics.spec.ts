import { agentUrn, topicSettings, topics } from '#contracts';
import type { Tx } from '#database';
import {
  CompactedTopics,
  onAny,
  onRaw,
  topicsApply,
  TopicsRefused,
  withKafkaAdmin,
  type Incoming,
  type RawRecord,
} from '#messaging';
import { newId } from '#platform';
import { Injectable } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import { eventually } from '../support/eventually.js';
import { addEffects, anAsk, MessagingWorld, partitions, quiet } from './messaging-world.js';

let world: MessagingWorld;

beforeAll(async () => {
  world = await MessagingWorld.start(['own']);
}, 60_000);

afterEach(async () => {
  await world.stopAll();
}, 30_000);

afterAll(async () => {
  await world.remove();
}, 30_000);

const wanted = { partitions, replicationFactor: 1, acls: false };

describe('topics apply', () => {
  it('makes every topic with its partitions and settings', async () => {
    await withKafkaAdmin(world.connection, quiet, async (admin) => {
      const names = topicSettings.map(({ topic }) => topic);
      const metadata = await admin.fetchTopicMetadata({ topics: [...names, 'sallyport.outcomes.own.v1'] });
      for (const { topic, partitions: count } of topicSettings) {
        const made = metadata.topics.find(({ name }) => name === topic);
        expect(made?.partitions).toHaveLength(count === 'default' ? partitions : count);
      }
      const requests = await configOf(admin, topics.requests);
      expect(requests).toMatchObject({
        'compression.type': 'uncompressed',
        'max.message.bytes': '131072',
        'message.timestamp.type': 'LogAppendTime',
      });
      expect(await configOf(admin, topics.registry)).toMatchObject({ 'cleanup.policy': 'compact' });
    });
  }, 30_000);

  it('brings a topic that is there to its settings, keeps what an operator has set besides, and changes nothing twice', async () => {
    await withKafkaAdmin(world.connection, quiet, async (admin) => {
      const entries = [
        { name: 'retention.ms', value: '86400000' },
        { name: 'compression.type', value: 'gzip' },
      ];
      await admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topics.requests, configEntries: entries }],
      });
      // The controller has it at once, the broker that is asked a moment later.
      await eventually(async () => {
        expect(await configOf(admin, topics.requests)).toMatchObject({ 'compression.type': 'gzip' });
      });
      const first = await topicsApply(admin, wanted);
      expect(first).toEqual({ created: [], updated: topicSettings.map(({ topic }) => topic), acls: 0 });
      await eventually(async () => {
        expect(await configOf(admin, topics.requests)).toMatchObject({ 'compression.type': 'uncompressed' });
      });
      expect(await topicsApply(admin, wanted)).toEqual(first);
      expect(await configOf(admin, topics.requests)).toMatchObject({
        'retention.ms': '86400000',
        'compression.type': 'uncompressed',
      });
    });
  }, 30_000);

  it('refuses another number of partitions in words, before anything is changed', async () => {
    await withKafkaAdmin(world.connection, quiet, async (admin) => {
      await expect(topicsApply(admin, { ...wanted, partitions: 12 })).rejects.toThrow(TopicsRefused);
      await expect(topicsApply(admin, { ...wanted, partitions: 12 })).rejects.toThrow(
        `${topics.actions} has 6, wanted are 12`,
      );
    });
  }, 30_000);
});

type ConfigReader = Parameters<typeof topicsApply>[0];

async function configOf(admin: ConfigReader, name: string): Promise<Record<string, string>> {
  const found = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name }],
  });
  return Object.fromEntries(
    found.resources.flatMap(({ configEntries }) => configEntries.map((entry) => [entry.configName, entry.configValue])),
  );
}

@Injectable()
class TakeRaw {
  static taken: RawRecord[] = [];

  async handle(records: RawRecord[], tx: Tx): Promise<void> {
    await addEffects(
      tx,
      'raw',
      records.map(({ offset }) => ({ key: offset, sequence: 0 })),
    );
    TakeRaw.taken.push(...records);
  }
}

@Injectable()
class HearAll {
  static heard: Incoming<unknown>[] = [];

  async handle(events: Incoming<unknown>[], tx: Tx): Promise<void> {
    await addEffects(tx, 'heard', events);
    HearAll.heard.push(...events);
  }
}

describe('untrusted records', () => {
  it('reach the handler untouched, with the broker’s time of append, past an open transaction and compressed ones', async () => {
    await world.service('intake', { hears: [onRaw(topics.requests, TakeRaw)] }, [TakeRaw]);
    const transactional = world
      .client()
      .producer({ transactionalId: 'never-ends', idempotent: true, maxInFlightRequests: 1 });
    await transactional.connect();
    const open = await transactional.transaction();
    await open.send({ topic: topics.requests, messages: [{ key: 'open', value: 'never committed' }] });
    const forged = '1500000000000';
    const before = Date.now();
    const producer = world.client().producer();
    await producer.connect();
    await producer.send({
      topic: topics.requests,
      compression: kafkajs.CompressionTypes.GZIP,
      messages: [
        {
          key: 'a',
          value: 'not { json',
          timestamp: forged,
          headers: { 'sallyport-signature': ['one', 'two'], ce_id: 'x' },
        },
        { key: null, value: null },
      ],
    });
    await eventually(() => expect(TakeRaw.taken).toHaveLength(3), { withinMs: 20_000 });
    const [record] = TakeRaw.taken.filter(({ key }) => String(key) === 'a');
    expect(record?.timestamp).toBeGreaterThanOrEqual(before - 1_000);
    // A header that occurs twice is ambiguous, so it is absent.
    expect(Object.keys(record?.headers ?? {})).toEqual(['ce_id']);
    expect(TakeRaw.taken.some(({ key, value }) => key === null && value === null)).toBe(true);
    await open.abort();
    await Promise.all([producer.disconnect(), transactional.disconnect()]);
  }, 60_000);
});

describe('hearing everything', () => {
  it('gives every known type of the topics to one handler, each event once', async () => {
    await world.service('notifier', { hears: [onAny([topics.actions, topics.decisions], HearAll)] }, [HearAll]);
    const keys = Array.from({ length: 20 }, newId);
    await world.produce(
      topics.actions,
      keys.flatMap((key) => [anAsk(key, 1), anAsk(key, 1), anAsk(key, 2)]),
    );
    await eventually(() => expect(HearAll.heard).toHaveLength(40), { withinMs: 20_000 });
    const [first] = HearAll.heard;
    expect(first).toMatchObject({
      topic: topics.actions,
      source: 'urn:sallyport:service:intake',
      data: { agent_id: 'agent-1' },
    });
    expect(first?.value).toBeInstanceOf(Buffer);
  }, 60_000);
});

describe('a compacted topic', () => {
  const entry = (key: string, value: string) => ({ key, value, headers: { source: agentUrn('x') } });

  it('is read from its beginning by each process, and the end at the start is noticed', async () => {
    const app = await world.service('policy', { hears: [] }, []);
    await world.produce(topics.registry, [entry('agents:a', '1'), entry('agents:b', '1'), entry('agents:a', '2')]);
    const stop = new AbortController();
    const seen: string[] = [];
    let failures = 1;
    const reading = app.get(CompactedTopics).readCompacted(topics.registry, {
      onRecords: (records) => {
        if (failures > 0) {
          failures -= 1;
          throw new Error('not now');
        }
        seen.push(...records.map(({ key, value }) => `${String(key)}=${String(value)}`));
      },
      signal: stop.signal,
    });
    await reading.caughtUp;
    expect(seen).toEqual(['agents:a=1', 'agents:b=1', 'agents:a=2']);
    await world.produce(topics.registry, [entry('agents:c', '1')]);
    await eventually(() => expect(seen).toContain('agents:c=1'));
    stop.abort();
  }, 60_000);

  it('that is empty is read to its end at once', async () => {
    const app = await world.service('policy', { hears: [] }, []);
    const stop = new AbortController();
    const reading = app
      .get(CompactedTopics)
      .readCompacted(topics.deadLetters, { onRecords: () => undefined, signal: stop.signal });
    await reading.caughtUp;
    stop.abort();
  }, 60_000);
});
