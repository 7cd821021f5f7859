import { createRequire } from 'node:module';
import { actionCancelRequested, policyCancelRequested, topics } from '#contracts';
import type { Tx } from '#database';
import { on, Outbox, type Incoming } from '#messaging';
import { newId } from '#platform';
import { Injectable } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import { addEffects, anAsk, MessagingWorld, readinessOf } from './messaging-world.js';

type Ask = Incoming<{ action_id: string; agent_id: string; code: string; by: string }>;

@Injectable()
class PassOn {
  constructor(private readonly outbox: Outbox) {}

  async handle(events: Ask[], tx: Tx): Promise<void> {
    await addEffects(tx, 'passed on', events);
    await this.outbox.say(
      tx,
      events.map(({ subject, sequence, data }) => ({
        event: policyCancelRequested,
        subject,
        sequence,
        data: { ...data, code: 'agent_cancelled' as const },
      })),
    );
  }
}

let world: MessagingWorld;
const policy = () => world.service('policy', { hears: [on(actionCancelRequested, PassOn)] }, [PassOn]);

beforeAll(async () => {
  world = await MessagingWorld.start();
}, 60_000);

afterEach(async () => {
  await world.stopAll();
}, 30_000);

afterAll(async () => {
  await world.remove();
}, 30_000);

/** Each key once, in order, and said once or more. */
async function expectAll(keys: readonly string[], upTo: number): Promise<void> {
  await eventually(
    async () =>
      expect((await world.effects('policy')).filter(({ key }) => keys.includes(key)).length).toBe(keys.length * upTo),
    { withinMs: 60_000, everyMs: 200 },
  );
  const effects = await world.effects('policy');
  for (const key of keys) {
    expect(effects.filter((effect) => effect.key === key).map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: upTo }, (_, n) => n + 1),
    );
  }
  await eventually(async () => expect(await world.sql('SELECT id FROM policy.outbox')).toEqual([]), {
    withinMs: 30_000,
  });
  const said = await world.records(topics.decisions);
  for (const key of keys) {
    const sequences = said
      .filter((record) => String(record.key) === key)
      .map(({ headers }) => Number(String(headers?.['ce_sequence'])));
    expect([...new Set(sequences)].sort((a, b) => a - b)).toEqual(Array.from({ length: upTo }, (_, n) => n + 1));
  }
}

const isHearing = (app: NestFastifyApplication) =>
  eventually(async () => expect((await readinessOf(app).report()).parts['hearing']?.ok).toBe(true), {
    withinMs: 30_000,
  });
const asks = (keys: readonly string[], sequence: number) => keys.map((key) => anAsk(key, sequence));

describe('outages, on a real Kafka and PostgreSQL', () => {
  it('PostgreSQL killed and started again: nothing is lost, done twice or given up, and readiness says so', async () => {
    const app = await policy();
    const keys = Array.from({ length: 50 }, newId);
    await world.produce(topics.actions, asks(keys, 1));
    await eventually(async () => expect((await world.effects('policy')).length).toBe(50));
    await world.postgres.kill();
    for (const sequence of [2, 3, 4, 5]) await world.produce(topics.actions, asks(keys, sequence));
    await eventually(
      async () => expect((await readinessOf(app).report()).parts['hearing']?.detail).toContain('waits: infrastructure'),
      { withinMs: 30_000, everyMs: 200 },
    );
    await world.postgres.start();
    await expectAll(keys, 5);
    expect(await world.records(topics.deadLetters)).toEqual([]);
    await eventually(async () => expect((await readinessOf(app).report()).parts['hearing']?.ok).toBe(true), {
      withinMs: 40_000,
    });
  }, 120_000);

  it('the broker killed and started again: the consumer is the same process and goes on', async () => {
    const app = await policy();
    const keys = Array.from({ length: 50 }, newId);
    for (const sequence of [1, 2]) await world.produce(topics.actions, asks(keys, sequence));
    await eventually(async () =>
      expect((await world.effects('policy')).filter(({ key }) => keys.includes(key)).length).toBeGreaterThan(0),
    );
    await world.kafka.kill();
    await eventually(async () => expect((await readinessOf(app).report()).parts['hearing']?.ok).toBe(false), {
      withinMs: 30_000,
      everyMs: 200,
    });
    await world.kafka.start();
    await world.forgetProducer();
    for (const sequence of [3, 4]) await world.produce(topics.actions, asks(keys, sequence));
    await expectAll(keys, 4);
    await eventually(async () => expect((await readinessOf(app).report()).parts['hearing']?.ok).toBe(true), {
      withinMs: 40_000,
    });
  }, 120_000);

  it('no broker at the start: the service waits, says so, and hears what was said meanwhile', async () => {
    const keys = Array.from({ length: 20 }, newId);
    await world.produce(topics.actions, asks(keys, 1));
    await world.kafka.stop();
    const app = await policy();
    expect((await readinessOf(app).report()).parts['hearing']?.ok).toBe(false);
    await world.kafka.start();
    await expectAll(keys, 1);
  }, 120_000);

  it('two members share the partitions; one that leaves and comes back under load changes nothing', async () => {
    await world.forgetProducer();
    const keys = Array.from({ length: 30 }, newId);
    const [first, second] = [await policy(), await policy()];
    for (const app of [first, second]) await isHearing(app);
    for (let sequence = 1; sequence <= 10; sequence += 1) await world.produce(topics.actions, asks(keys, sequence));
    await world.stop(second);
    for (let sequence = 11; sequence <= 20; sequence += 1) await world.produce(topics.actions, asks(keys, sequence));
    await isHearing(await policy());
    for (let sequence = 21; sequence <= 30; sequence += 1) await world.produce(topics.actions, asks(keys, sequence));
    await expectAll(keys, 30);
  }, 120_000);

  it('a member that is stopped while it joins leaves nothing behind that holds partitions', async () => {
    await world.stop(await policy());
    const keys = Array.from({ length: 30 }, newId);
    await policy();
    await world.produce(topics.actions, asks(keys, 1));
    await expectAll(keys, 1);
  }, 60_000);

  it('an idle service does not wake up a thousand times a second', async () => {
    const queue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as {
      prototype: { checkPendingRequests(): void };
    };
    const check = queue.prototype.checkPendingRequests;
    let calls = 0;
    await policy();
    await eventually(async () =>
      expect((await world.sql("SELECT ref FROM policy.timers WHERE kind = 'outbox.writer'")).length).toBeGreaterThan(0),
    );
    queue.prototype.checkPendingRequests = function counted(this: unknown) {
      calls += 1;
      check.call(this);
    };
    try {
      await pause(2_000);
    } finally {
      queue.prototype.checkPendingRequests = check;
    }
    // One per answer: a few fetches a second. Without the override about 1,000 a second and connection.
    expect(calls).toBeGreaterThan(0);
    expect(calls).toBeLessThan(100);
  }, 60_000);
});
