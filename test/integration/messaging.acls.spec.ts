import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Kafka, logLevel, type ConsumerCrashEvent } from 'kafkajs';
import { actionCancelRequested, outcomeGroups, topics, type DataOf } from '#contracts';
import { Database, type Tx } from '#database';
import { on, Outbox, type Incoming } from '#messaging';
import { newId } from '#platform';
import { root } from '../../tools/world/place.js';
import { eventually } from '../support/eventually.js';

import { scratchFolder } from '../support/scratch.js';
import { addEffects, MessagingWorld, partitions } from './messaging-world.js';

const services = ['registry', 'intake', 'policy', 'approvals', 'credentials', 'notifier', 'audit'];
const roles = [...services, 'agents', 'own', 'operators', 'stranger'];
const administrator = 'kafka-admin';
const passwords = Object.fromEntries([...roles, administrator].map((role) => [role, `password-of-${role}`]));
const own = 'sallyport.outcomes.own.v1';
const noTopic = 'not authorised for the topic';
const noGroup = 'not authorised for the group';

let world: MessagingWorld;

beforeAll(async () => {
  world = await MessagingWorld.start(['own'], { passwords, administrator });
  await applyAcls();
}, 90_000);

afterAll(async () => {
  await world.remove();
}, 30_000);

/** As an operator does it: the password comes by a file, never on the command line. */
async function applyAcls(): Promise<void> {
  const scratch = scratchFolder('acls');
  const file = join(scratch.dir, 'login');
  writeFileSync(file, `plain:${administrator}:${passwords[administrator] ?? ''}`, { mode: 0o600 });
  const count = ['--partitions', String(partitions), '--replication', '1'];
  const command = ['topics', 'apply', '--acls', '--agent', 'own=User:own', ...count];
  await promisify(execFile)(process.execPath, [join(root, 'bin/sallyport.mjs'), ...command], {
    env: { ...process.env, SALLYPORT_KAFKA_BROKERS: world.kafka.guardedBrokers, SALLYPORT_KAFKA_LOGIN_FILE: file },
  });
  scratch.remove();
}

function clientOf(role: string): Kafka {
  return new Kafka({
    brokers: [world.kafka.guardedBrokers],
    sasl: { mechanism: 'plain', username: role, password: passwords[role] ?? '' },
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  });
}

/** Of these roles, those whose record the broker takes. */
async function whoMayWrite(topic: string): Promise<string[]> {
  const tried = roles.map(async (role) => {
    const producer = clientOf(role).producer({ allowAutoTopicCreation: false });
    await producer.connect();
    const sent = producer.send({ topic, messages: [{ key: 'acls', value: 'not an event' }] });
    const refused = await sent.then(() => undefined, (error: unknown) => error); // prettier-ignore
    await producer.disconnect();
    if (refused !== undefined) expect(reasonOf(refused)).toBe(noTopic);
    return refused === undefined ? [role] : [];
  });
  return (await Promise.all(tried)).flat();
}

/** The group in which a service, or the SDK, reads. */
const groupOf = (role: string, topic: string): string =>
  `${/outcomes/u.test(topic) ? outcomeGroups(topic) : `sallyport.${role}.`}${newId()}`;

/** Whether this role, in this group, is given records of the topic; or the broker's reason why not. */
async function reading(role: string, topic: string, groupId = groupOf(role, topic)): Promise<string> {
  const consumer = clientOf(role).consumer({ groupId, maxWaitTimeInMs: 50 });
  const end = Promise.withResolvers<string>();
  consumer.on(consumer.events.CRASH, ({ payload }: ConsumerCrashEvent) => {
    end.resolve(reasonOf(payload.error));
  });
  consumer.on(consumer.events.FETCH, () => {
    end.resolve('reads');
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({ eachMessage: () => Promise.resolve() });
    return await end.promise;
  } catch (error) {
    return reasonOf(error);
  } finally {
    await consumer.disconnect();
  }
}

/** kafkajs tells the broker's answer in several ways, and takes a group that it may not use for one without a coordinator. */
function reasonOf(error: unknown): string {
  const said = String(error);
  if (/topic authorization failed|not authorized to access topics/iu.test(said)) return noTopic;
  return /group/iu.test(said) ? noGroup : said;
}

@Injectable()
class HearAsks {
  async handle(events: Incoming<DataOf<typeof actionCancelRequested>>[], tx: Tx): Promise<void> {
    await addEffects(tx, 'heard', events);
  }
}

describe('on a broker that allows nothing by itself', () => {
  it('a service that logs in as itself says what it has to say, and another hears it', async () => {
    const intake = await world.service('intake', { hears: [] }, []);
    await world.service('policy', { hears: [on(actionCancelRequested, HearAsks)] }, [HearAsks]);
    const key = newId();
    const data = { action_id: key, agent_id: 'agent-1', code: 'agent_cancelled' as const, by: 'spec' };
    await intake
      .get(Database)
      .transaction((tx) =>
        intake.get(Outbox).say(tx, [{ event: actionCancelRequested, subject: key, sequence: 1, data }]),
      );
    await eventually(
      async () => {
        expect((await world.effects('policy')).map((effect) => effect.key)).toEqual([key]);
      },
      { withinMs: 20_000 },
    );
    await world.stopAll();
  }, 60_000);

  it.each([
    [topics.requests, ['agents']],
    [topics.actions, ['intake']],
    [topics.decisions, ['policy']],
    [topics.approvals, ['approvals']],
    [topics.leases, ['credentials']],
    [topics.outcomes, ['notifier']],
    [own, ['notifier']],
    [topics.registry, ['registry']],
    [topics.deadLetters, services],
  ])(
    '%s takes records of %j only',
    async (topic, writers) => {
      expect(await whoMayWrite(topic)).toEqual(writers);
    },
    30_000,
  );

  it.each([
    ['policy', topics.actions, 'reads'],
    ['agents', topics.outcomes, 'reads'],
    ['own', own, 'reads'],
    ['agents', own, noTopic],
    ['own', topics.outcomes, noTopic],
    ['agents', topics.decisions, noTopic],
    ['agents', topics.requests, noTopic],
    ['policy', topics.requests, noTopic],
    ['stranger', topics.registry, noTopic],
  ])(
    '%s at %s: %s',
    async (role, topic, what) => {
      expect(await reading(role, topic)).toBe(what);
    },
    30_000,
  );

  it('no role reads in the group of another: it would take its records away', async () => {
    expect(await reading('audit', topics.actions, 'sallyport.policy')).toBe(noGroup);
    expect(await reading('agents', topics.outcomes, `${outcomeGroups(own)}mine`)).toBe(noGroup);
  }, 30_000);
});
