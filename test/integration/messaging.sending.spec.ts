import { policyCancelRequested, outcomesTopic, topics } from '#contracts';
import { Database } from '#database';
import { Outbox } from '#messaging';
import { newId } from '#platform';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Kafka, type ProducerConfig } from 'kafkajs';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import { MessagingWorld, readinessOf } from './messaging-world.js';

let world: MessagingWorld;

beforeAll(async () => {
  world = await MessagingWorld.start(['gone', 'other']);
}, 60_000);

afterEach(async () => {
  await world.stopAll();
  await world.sql('TRUNCATE policy.outbox, notifier.outbox, policy.subjects');
}, 30_000);

afterAll(async () => {
  await world.remove();
}, 30_000);

const policy = () => world.service('policy', { hears: [] }, []);
const notifier = () => world.service('notifier', { hears: [] }, []);

/** What an HTTP handler does: locks the row of its subject, then says the next version of it. */
async function write(app: NestFastifyApplication, key: string): Promise<void> {
  const outbox = app.get(Outbox);
  await app.get(Database).transaction(async (tx) => {
    const [row] = await tx.query<{ version: string }>(
      'INSERT INTO subjects AS s (key, version) VALUES ($1, 1) ON CONFLICT (key) DO UPDATE SET version = s.version + 1 RETURNING version',
      [key],
    );
    await outbox.say(tx, [anAskOf(key, Number(row?.version))]);
  });
}

const anAskOf = (key: string, sequence: number) => ({
  event: policyCancelRequested,
  subject: key,
  sequence,
  data: { action_id: key, agent_id: 'agent-1', code: 'agent_cancelled', by: String(sequence) },
});

/** Lets `before` run ahead of each send of this process's relay; keeps what its producers were made with. */
function interceptSends(app: NestFastifyApplication, before: () => Promise<unknown>): ProducerConfig[] {
  const kafka = app.get(Kafka, { strict: false });
  const make = kafka.producer.bind(kafka);
  const made: ProducerConfig[] = [];
  kafka.producer = (config = {}) => {
    made.push(config);
    const producer = make(config);
    const send = producer.sendBatch.bind(producer);
    producer.sendBatch = async (batch) => {
      await before();
      return send(batch);
    };
    return producer;
  };
  return made;
}

/** What a reader takes in of each key: it drops what is not above what it has. */
async function taken(topic: string): Promise<Map<string, number[]>> {
  const byKey = new Map<string, number[]>();
  for (const { key, headers } of await world.records(topic)) {
    const sequence = Number(String(headers?.['ce_sequence']));
    const sequences = byKey.get(String(key)) ?? [];
    if (sequence > (sequences.at(-1) ?? 0)) sequences.push(sequence);
    byKey.set(String(key), sequences);
  }
  return byKey;
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1);
const isEmpty = async (service: string): Promise<void> => {
  await eventually(async () => expect(await world.sql(`SELECT id FROM ${service}.outbox`)).toEqual([]), {
    withinMs: 30_000,
  });
};

describe('sending, on a real Kafka and PostgreSQL', () => {
  it('keeps the order of each key when two processes write to it in turn and the relay of one is slow', async () => {
    const [slow, quick] = [await policy(), await policy()];
    const made = interceptSends(slow, () => pause(250));
    const keys = Array.from({ length: 8 }, newId);
    for (let round = 0; round < 20; round += 1) {
      for (const app of [slow, quick]) await Promise.all(keys.map((key) => write(app, key)));
    }
    await isEmpty('policy');
    const found = await taken(topics.decisions);
    for (const key of keys) expect(found.get(key)).toEqual(upTo(40));
    expect(made.length).toBeGreaterThan(0);
    expect(
      made.filter(({ idempotent, maxInFlightRequests }) => idempotent !== false || maxInFlightRequests !== 1),
    ).toEqual([]);
  }, 60_000);

  it('keeps it also when the slow process comes to send only after the other one has sent everything', async () => {
    const [stalled, quick] = [await policy(), await policy()];
    const gate = Promise.withResolvers<undefined>();
    interceptSends(stalled, () => gate.promise);
    const key = newId();
    for (const app of [stalled, quick, stalled, quick]) await write(app, key);
    await eventually(async () => expect((await taken(topics.decisions)).get(key)).toEqual(upTo(4)));
    gate.resolve(undefined);
    await isEmpty('policy');
    expect((await taken(topics.decisions)).get(key)).toEqual(upTo(4));
  }, 60_000);

  it('a transaction that is rolled back says nothing', async () => {
    const app = await policy();
    const key = newId();
    const failing = app.get(Database).transaction(async (tx) => {
      await app.get(Outbox).say(tx, [anAskOf(key, 1)]);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await write(app, newId());
    await isEmpty('policy');
    expect((await taken(topics.decisions)).has(key)).toBe(false);
  }, 60_000);

  it('refuses what no broker would take while the transaction can still be rolled back', async () => {
    const app = await policy();
    const key = newId();
    const huge = { ...anAskOf(key, 1), data: { ...anAskOf(key, 1).data, by: 'x'.repeat(1_048_576) } };
    const failing = app.get(Database).transaction((tx) => app.get(Outbox).say(tx, [huge]));
    await expect(failing).rejects.toMatchObject({ code: 'kafka_refused', retryable: false });
  }, 60_000);

  it('takes over what a dead process has left unsent, before its own later rows of the same key', async () => {
    const key = newId();
    const dead = randomUUID();
    for (const sequence of [1, 2, 3]) {
      await world.sql('INSERT INTO policy.outbox (topic, key, headers, value, writer) VALUES ($1, $2, $3, $4, $5)', [
        topics.decisions, key, { ce_sequence: String(sequence) }, Buffer.from('{}'), dead,
      ]); // prettier-ignore
    }
    await world.sql(
      "INSERT INTO policy.timers (kind, ref, due_at) VALUES ('outbox.writer', $1, now() + interval '3 seconds')",
      [dead],
    );
    const began = performance.now();
    const app = await policy();
    await isEmpty('policy');
    // Not before it counted as dead.
    expect(performance.now() - began).toBeGreaterThan(2_000);
    expect((await taken(topics.decisions)).get(key)).toEqual([1, 2, 3]);
    await world.stop(app);
  }, 60_000);

  it('a topic that was deleted sets aside its own rows only, and they arrive when it is back', async () => {
    const app = await notifier();
    const [gone, other] = [outcomesTopic('gone'), outcomesTopic('other')];
    const send = (topic: string, from: number, to: number) =>
      app.get(Database).transaction((tx) => {
        const rows = Array.from({ length: to - from + 1 }, (_, n) => ({
          topic,
          key: `k${(from + n) % 7}`,
          headers: { ce_sequence: String(from + n) },
          value: 'x',
        }));
        return app.get(Outbox).send(tx, rows);
      });
    await send(gone, 1, 5);
    await isEmpty('notifier');
    const admin = world.client().admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [gone] });
    const began = performance.now();
    for (let n = 0; n < 20; n += 1) {
      await send(gone, 6 + n, 6 + n);
      await send(n % 2 === 0 ? other : topics.outcomes, 50 * n + 1, 50 * n + 50);
    }
    await eventually(
      async () =>
        expect((await world.records(other)).length + (await world.records(topics.outcomes)).length).toBe(1_000),
      { withinMs: 20_000, everyMs: 100 },
    );
    console.info(`1,000 outcomes of others arrived within ${Math.round(performance.now() - began)} ms`);
    await eventually(async () =>
      expect(await world.sql('SELECT topic, count(*)::int FROM notifier.outbox GROUP BY topic')).toEqual([
        { topic: gone, count: 20 },
      ]),
    );
    // One agent's topic does not take the service out of service.
    expect((await readinessOf(app).report()).parts['sending']).toMatchObject({
      ok: true,
      detail: expect.stringContaining(gone) as unknown,
    });
    await admin.createTopics({ topics: [{ topic: gone, numPartitions: 1 }], waitForLeaders: true });
    await admin.disconnect();
    await isEmpty('notifier');
    expect((await world.records(gone)).map(({ headers }) => Number(String(headers?.['ce_sequence'])))).toEqual(
      upTo(25).slice(5),
    );
  }, 90_000);

  it('loses nothing and keeps the order while the broker is killed and comes back, and readiness says so', async () => {
    const app = await policy();
    const keys = Array.from({ length: 5 }, newId);
    for (const key of keys) await write(app, key);
    await world.kafka.kill();
    for (let n = 0; n < 20; n += 1) for (const key of keys) await write(app, key);
    await eventually(async () => expect((await readinessOf(app).report()).parts['sending']?.ok).toBe(false), {
      withinMs: 30_000,
      everyMs: 200,
    });
    await world.kafka.start();
    await isEmpty('policy');
    const found = await taken(topics.decisions);
    for (const key of keys) expect(found.get(key)).toEqual(upTo(21));
    await eventually(async () => expect((await readinessOf(app).report()).parts['sending']?.ok).toBe(true));
  }, 120_000);
});
