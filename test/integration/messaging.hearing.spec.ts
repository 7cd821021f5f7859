import { actionAccepted, actionCancelRequested, policyCancelRequested, topics } from '#contracts';
import type { Tx } from '#database';
import { on, Outbox, type Incoming, type Unreadable } from '#messaging';
import { Fault, newId } from '#platform';
import { Injectable } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { addEffects, anAsk, MessagingWorld, readinessOf } from './messaging-world.js';

type Ask = Incoming<{ action_id: string; agent_id: string; code: string; by: string }>;

/** Adds an effect and says an event for each ask; fails as the spec wants. */
@Injectable()
class PassOn {
  static failure: (events: readonly Ask[]) => void = () => undefined;
  static slices: number[] = [];

  constructor(private readonly outbox: Outbox) {}

  async handle(events: Ask[], tx: Tx): Promise<void> {
    PassOn.slices.push(events.length);
    await addEffects(tx, 'passed on', events);
    PassOn.failure(events);
    await this.outbox.say(
      tx,
      events.map(({ subject, sequence, data, traceparent }) => {
        return {
          event: policyCancelRequested,
          subject,
          sequence,
          data: { ...data, code: 'agent_cancelled' },
          traceparent,
        };
      }),
    );
  }
}

@Injectable()
class EndUnreadable {
  static failure: () => void = () => undefined;

  async handle(records: Unreadable[], tx: Tx): Promise<void> {
    EndUnreadable.failure();
    await addEffects(
      tx,
      'ended',
      records.map(({ key }) => ({ key, sequence: 0 })),
    );
  }
}

const options = { hears: [on(actionCancelRequested, PassOn)], unreadable: EndUnreadable };
const providers = [PassOn, EndUnreadable];
let world: MessagingWorld;

beforeAll(async () => {
  world = await MessagingWorld.start();
}, 60_000);

afterEach(async () => {
  await world.stopAll();
  PassOn.failure = () => undefined;
  EndUnreadable.failure = () => undefined;
  PassOn.slices = [];
  await world.sql('TRUNCATE policy.effects');
}, 30_000);

afterAll(async () => {
  await world.remove();
}, 30_000);

const policy = () => world.service('policy', options, providers);
const asks = (keys: readonly string[], from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => keys.map((key) => anAsk(key, from + n))).flat();
const effectsOf = async (key: string) => (await world.effects('policy')).filter((effect) => effect.key === key);

describe('hearing, on a real Kafka and PostgreSQL', () => {
  it('handles each event of each key once and in order, and says what follows in the same order', async () => {
    const keys = Array.from({ length: 40 }, newId);
    await world.produce(topics.actions, asks(keys, 1, 25));
    const app = await policy();
    await eventually(
      async () => {
        expect((await world.effects('policy')).length).toBe(1_000);
      },
      { withinMs: 20_000 },
    );
    const effects = await world.effects('policy');
    for (const key of keys) {
      expect(effects.filter((effect) => effect.key === key).map(({ sequence }) => sequence)).toEqual(
        Array.from({ length: 25 }, (_, n) => n + 1),
      );
    }
    await eventually(async () => {
      expect((await world.sql('SELECT FROM policy.outbox')).length).toBe(0);
    });
    const said = await world.records(topics.decisions);
    for (const key of keys) {
      const sequences = said
        .filter((record) => record.key?.toString() === key)
        .map(({ headers }) => Number(headers?.['ce_sequence']?.toString()));
      expect(sequences).toEqual(Array.from({ length: 25 }, (_, n) => n + 1));
    }
    // Far fewer transactions than events: slices of all partitions go together.
    expect(PassOn.slices.length).toBeLessThan(200);
    await world.stop(app);
  }, 60_000);

  it('drops a redelivered event, and everything when all topics are read again from offset 0', async () => {
    const key = newId();
    const app = await policy();
    await world.produce(topics.actions, [...asks([key], 1, 3), ...asks([key], 1, 3)]);
    await eventually(async () => {
      expect(await effectsOf(key)).toHaveLength(3);
    });
    const before = (await world.effects('policy')).length;
    await world.stop(app);
    const admin = world.client().admin();
    await admin.connect();
    await admin.resetOffsets({ groupId: 'sallyport.policy', topic: topics.actions, earliest: true });
    const again = await policy();
    const marker = newId();
    await world.produce(topics.actions, asks([marker], 1, 1));
    await eventually(async () => {
      const [offsets] = await admin.fetchOffsets({ groupId: 'sallyport.policy', topics: [topics.actions] });
      const ends = await admin.fetchTopicOffsets(topics.actions);
      expect(
        offsets?.partitions.filter(
          ({ partition, offset }) =>
            offset !== ends.find((end) => end.partition === partition)?.high && offset !== '-1',
        ),
      ).toEqual([]);
    });
    expect((await world.effects('policy')).length).toBe(before + 1);
    await admin.disconnect();
    await world.stop(again);
  }, 60_000);

  it('buries what cannot be read, ends what the service holds of it, and goes on with the next record', async () => {
    const key = newId();
    const app = await policy();
    const [good] = asks([key], 1, 1);
    await world.produce(topics.actions, [
      { ...good!, value: '{"action_id":' },
      { ...good!, value: JSON.stringify({ action_id: 'no uuid' }) },
      { ...good!, value: null },
      { ...good!, headers: {} },
      good!,
    ]);
    await eventually(async () => {
      expect((await effectsOf(key)).filter(({ kind }) => kind === 'passed on')).toHaveLength(1);
    });
    expect((await effectsOf(key)).filter(({ kind }) => kind === 'ended')).toHaveLength(4);
    // They are written with the rest, and sent a moment later.
    await eventually(async () => {
      const letters = (await world.records(topics.deadLetters)).map(
        ({ value }) => JSON.parse(String(value)) as { key: string; code: string },
      );
      expect(letters.filter((letter) => letter.key === key).map(({ code }) => code)).toEqual([
        'malformed_json',
        'schema_mismatch',
        'no_value',
        'not_a_cloudevent',
      ]);
    });
    await world.stop(app);
  }, 60_000);

  it('a handler that throws a TypeError for one event costs that event only, and the consumer lives', async () => {
    const keys = Array.from({ length: 60 }, newId);
    const bad = keys[31]!;
    PassOn.failure = (events) => {
      if (events.some(({ key }) => key === bad)) throw new TypeError('undefined is not a function');
    };
    await world.produce(topics.actions, asks(keys, 1, 1));
    const app = await policy();
    await eventually(
      async () => {
        expect(await world.effects('policy')).toHaveLength(60);
      },
      { withinMs: 20_000 },
    );
    expect(await effectsOf(bad)).toEqual([{ kind: 'ended', key: bad, sequence: 0 }]);
    const next = newId();
    await world.produce(topics.actions, asks([next], 1, 1));
    await eventually(async () => {
      expect(await effectsOf(next)).toHaveLength(1);
    });
    await world.stop(app);
  }, 60_000);

  it('a fault of the infrastructure holds up its partition only, is never held against the event, and ends by itself', async () => {
    const app = await policy();
    const stuck = newId();
    let isDown = true;
    PassOn.failure = (events) => {
      if (isDown && events.some(({ key }) => key === stuck))
        throw new Fault('registry_unavailable', { retryable: true });
    };
    await world.produce(topics.actions, asks([stuck], 1, 1));
    const others = Array.from({ length: 30 }, newId);
    await world.produce(topics.actions, asks(others, 1, 1));
    // The others that hash to the same partition wait behind it.
    const stuckPartition = (await world.records(topics.actions)).find(
      ({ key }) => key?.toString() === stuck,
    )?.partition;
    const free = (await world.records(topics.actions)).filter(
      ({ key, partition }) => others.includes(String(key)) && partition !== stuckPartition,
    );
    expect(free.length).toBeGreaterThan(10);
    await eventually(async () => {
      expect(await world.effects('policy')).toHaveLength(free.length);
    });
    expect(await effectsOf(stuck)).toEqual([]);
    isDown = false;
    await eventually(async () => {
      expect(await world.effects('policy')).toHaveLength(31);
    });
    expect((await effectsOf(stuck)).map(({ kind }) => kind)).toEqual(['passed on']);
    await world.stop(app);
  }, 60_000);

  it('an unreadable record whose end meets a fault of the infrastructure waits and loses nothing', async () => {
    const key = newId();
    let failures = 0;
    EndUnreadable.failure = () => {
      failures += 1;
      if (failures < 3) throw new Fault('database_unavailable', { retryable: true });
    };
    const app = await policy();
    await world.produce(topics.actions, [{ ...anAsk(key, 1), value: 'no json' }]);
    await eventually(async () => {
      expect(await effectsOf(key)).toHaveLength(1);
    });
    expect(failures).toBe(3);
    await world.stop(app);
  }, 60_000);

  it('waits before an event of a newer major version and before nothing else, and says so', async () => {
    const key = newId();
    const app = await policy();
    const newer = anAsk(key, 2);
    await world.produce(topics.actions, [
      anAsk(key, 1),
      { ...newer, headers: { ...newer.headers, ce_type: 'sallyport.action.cancel_requested.v2' } },
      anAsk(key, 3),
    ]);
    await eventually(async () => {
      expect(await effectsOf(key)).toHaveLength(1);
    });
    await eventually(
      async () => {
        expect((await readinessOf(app).report()).parts['hearing']?.detail).toContain('unknown_major_version');
      },
      { withinMs: 20_000 },
    );
    expect(await effectsOf(key)).toHaveLength(1);
    await world.stop(app);
    // A later build reads it; here it is taken away, so that the next spec is not held up.
    const admin = world.client().admin();
    await admin.connect();
    const ends = await admin.fetchTopicOffsets(topics.actions);
    await admin.setOffsets({
      groupId: 'sallyport.policy',
      topic: topics.actions,
      // Not resetOffsets to the latest: that commits -1, which the next consumer reads as no offset and starts at 0.
      partitions: ends.map(({ partition, high }) => ({ partition, offset: high })),
    });
    await admin.disconnect();
  }, 60_000);

  it('skips types that it does not hear', async () => {
    const app = await policy();
    const key = newId();
    await world.produce(topics.actions, [anAsk(key, 1, { event: actionAccepted }), anAsk(key, 2)]);
    await eventually(async () => {
      expect((await effectsOf(key)).map(({ sequence }) => sequence)).toEqual([2]);
    });
    await world.stop(app);
  }, 60_000);
});
