import { createServer } from 'node:net';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { serviceNames } from '#platform';
import { topics } from '#contracts';
import kafkajs from 'kafkajs';
import { freePortsOfWorld, type Ports } from '../../tools/world/ports-of-world.js';
import { gone, npmStart, ready, type Started } from '../support/npm-start.js';
import { processesWith } from '../support/processes.js';
import { scratchFolder } from '../support/scratch.js';

let scratch: { dir: string; remove: () => void };
let started: Started | undefined;

async function end(): Promise<void> {
  started?.child.kill('SIGKILL');
  if (started !== undefined) await gone(scratch.dir, started.ports);
  started = undefined;
}

describe('npm start, refused', () => {
  beforeEach(() => {
    scratch = scratchFolder('start');
  });
  afterEach(async () => {
    await end();
    scratch.remove();
  }, 60_000);

  it('says which port is taken and which setting moves it, before it starts anything', async () => {
    const ports = await freePortsOfWorld();
    const squatter = createServer().listen(ports.kafka, '127.0.0.1');
    await once(squatter, 'listening');
    try {
      started = await npmStart(scratch.dir, ports);

      expect((await started.ended).code).toBe(1);
      expect(started.printed()).toBe(
        `\nPort ${ports.kafka} (kafka) is taken. Free it, or set SALLYPORT_KAFKA_PORT to another.\n`,
      );
    } finally {
      squatter.close();
    }
  }, 60_000);

  it('says what to do where the people of its data sign in elsewhere, before it starts anything', async () => {
    const ports = await freePortsOfWorld();
    const [before, now] = [ports.webhook, ports.identity].map((port) => `http://127.0.0.1:${port}`);
    writeFileSync(join(scratch.dir, 'demo.json'), JSON.stringify({ issuer: before }));

    started = await npmStart(scratch.dir, ports);

    expect((await started.ended).code).toBe(1);
    expect(started.printed()).toBe(
      `\nThe people in ${scratch.dir} sign in at ${before}, and this start would have their identity provider at ${now}.\n` +
        `Set SALLYPORT_IDENTITY_PORT to ${ports.webhook} again, or begin with an empty folder (SALLYPORT_WORLD_DIR).\n`,
    );
  }, 60_000);
});

describe('npm start', () => {
  // One folder for all: each start after the first one finds what the one before left, however that one ended.
  let ports: Ports;
  beforeAll(async () => {
    scratch = scratchFolder('start');
    ports = await freePortsOfWorld();
  });
  beforeEach(async () => {
    started = await npmStart(scratch.dir, ports);
    await ready(started);
  }, 120_000);
  afterEach(end, 60_000);
  afterAll(() => {
    scratch.remove();
  });

  it('runs every service, ends all on Ctrl-C, and finds its data on the second start, and ends under load too', async () => {
    const answers = serviceNames.map(async (name) => (await fetch(`http://127.0.0.1:${ports[name]}/readyz`)).status);
    expect(await Promise.all(answers)).toEqual(serviceNames.map(() => 200));
    const keys = readFileSync(join(scratch.dir, 'secrets/keys/trust.json'), 'utf8');
    const before = await heard(ports);
    await say(ports, 1);
    // Under npm one Ctrl-C arrives twice; it must not count as the impatient second one.
    started?.child.kill('SIGINT');
    await new Promise((resolve) => setImmediate(resolve));
    started?.child.kill('SIGINT');
    expect((await started?.ended)?.code).toBe(130);
    expect(readFileSync(join(scratch.dir, 'logs/registry.log'), 'utf8')).toContain('shutdown.done');
    await gone(scratch.dir, ports);

    started = await npmStart(scratch.dir, ports);
    await ready(started);
    expect(readFileSync(join(scratch.dir, 'secrets/keys/trust.json'), 'utf8')).toBe(keys);
    expect(await heard(ports)).toBe(before + 1);
    const load = flood(ports);
    started.child.kill('SIGINT');
    expect((await started.ended).code).toBe(130);
    await gone(scratch.dir, ports);
    await load;
  }, 240_000);

  it.each(['the script', 'the supervisor'])(
    'leaves nothing behind when %s is killed with -9',
    async (which) => {
      const supervisor = processesWith(join('dist', 'tools', 'start.js')).filter((pid) =>
        processesWith(scratch.dir).includes(pid),
      );
      for (const pid of which === 'the script' ? [started?.child.pid ?? 0] : supervisor) process.kill(pid, 'SIGKILL');
      await gone(scratch.dir, ports);
    },
    120_000,
  );
});

const clientOf = (ports: Ports): kafkajs.Kafka =>
  new kafkajs.Kafka({ brokers: [`127.0.0.1:${ports.kafka}`], logLevel: kafkajs.logLevel.NOTHING });

/** Unsigned, so that nobody acts on it: it is kept by the broker and counted by intake. */
async function say(ports: Ports, count: number): Promise<void> {
  const producer = clientOf(ports).producer();
  await producer.connect();
  const messages = Array.from({ length: count }, (_, index) => ({ key: String(index), value: '{}' }));
  await producer.send({ topic: topics.requests, acks: -1, messages });
  await producer.disconnect();
}

async function heard(ports: Ports): Promise<number> {
  const admin = clientOf(ports).admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topics.requests);
  await admin.disconnect();
  return offsets.reduce((sum, { high }) => sum + Number(high), 0);
}

/** Until the broker is gone. */
async function flood(ports: Ports): Promise<void> {
  try {
    for (;;) await say(ports, 500);
  } catch {
    // The end of the broker is the end of the load.
  }
}
