import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import { topics } from '#contracts';
import { newId } from '#platform';
import { inherited, serviceCommand } from '../../tools/world/service-program.js';
import { seed } from '../support/depth.js';
import { eventually } from '../support/eventually.js';
import { anAgentSpec, aSigningKey } from '../support/gate.js';
import { anAsk, aValue, eventOf, kafkaAud, recordOf, type SignedAsk } from './intake-asks.js';
import { mutations, randomOf, registerCodecs, type Mutant } from './intake-mutants.js';
import { RegistryWorld } from './registry-world.js';

const goods = 100;
const mutants = 10_000;
const { GZIP, LZ4, Snappy, ZSTD } = kafkajs.CompressionTypes;
const compressions = [Snappy, LZ4, ZSTD, GZIP];
/** A batch of one partition may be as large as the topic allows, 128 KiB. */
const batchBytes = 100_000;

let world: RegistryWorld;
let intake: ChildProcess;
const key = aSigningKey();

beforeAll(async () => {
  registerCodecs();
  world = await RegistryWorld.start();
  await world.startRegistry();
  await world.register('people', 'olga', world.person('olga'));
  const schema = {
    type: 'object',
    additionalProperties: false,
    properties: { order: { type: 'string' }, amount_minor: { type: 'integer' } },
  };
  await world.register('action-types', 'payment.refund', {
    properties_schema: schema,
    risk: 'medium',
    view: 'refund {order}',
  });
  await world.register('agents', 'a', anAgentSpec([key.jwk]));
  // A process of its own, started as the gate starts it: its memory is what is measured.
  const [program, ...options] = serviceCommand('intake');
  intake = spawn(program, options, {
    env: { ...inherited(process.env), ...world.environment('intake') },
    stdio: 'inherit',
  });
  await world.untilReady('intake');
}, 90_000);

afterAll(async () => {
  if (intake.exitCode === null) {
    const exited = once(intake, 'exit');
    intake.kill('SIGKILL');
    await exited;
  }
  await world.remove();
}, 30_000);

const memory = (field: 'VmHWM' | 'VmRSS'): number =>
  Number(
    new RegExp(`${field}:\\s+(\\d+) kB`, 'u').exec(readFileSync(`/proc/${String(intake.pid)}/status`, 'utf8'))?.[1],
  ) / 1_024;

/** The good ones in between, so that each has mutants before and behind it; some mutants are bent copies of it. */
function mix(good: readonly SignedAsk[], random: (below: number) => number): Mutant[] {
  const mixed: Mutant[] = [];
  good.forEach((ask, n) => {
    for (let m = 0; m < mutants / goods; m += 1) {
      const mutation = mutations[random(mutations.length)];
      const bent = random(2) === 0 ? ask : anAsk({ key: key.signing, aud: kafkaAud(world.gate.id) });
      if (mutation) mixed.push(mutation(bent, random));
    }
    mixed.splice(n * (mutants / goods) + n + random(mutants / goods), 0, recordOf(ask));
  });
  return mixed;
}

function inBatches(mixed: readonly Mutant[]): Mutant[][] {
  const batches: Mutant[][] = [];
  let left = 0;
  for (const mutant of mixed) {
    const bytes = (mutant.value?.length ?? 0) + JSON.stringify(mutant.headers).length;
    if (bytes > left) {
      batches.push([]);
      left = batchBytes;
    }
    batches.at(-1)?.push(mutant);
    left -= bytes;
  }
  return batches;
}

it(`${String(mutants)} mutated records among ${String(goods)} good ones: all good ones are out, in order, within 30 s of the last, in less than 250 MB`, async () => {
  const random = randomOf(seed('mutated records'));
  const good = Array.from({ length: goods }, (_, n) =>
    anAsk({
      key: key.signing,
      aud: kafkaAud(world.gate.id),
      value: aValue('a', { context: { justification: `good ${String(n)}` } }),
    }),
  );
  const before = memory('VmRSS');
  const started = performance.now();
  await world.bus.hostileProducers();
  const mixed = mix(good, random);
  const batches = inBatches(mixed);
  for (const [n, batch] of batches.entries()) {
    await world.bus.produce(topics.requests, batch);
    if (n % Math.ceil(batches.length / 2) === 0) await world.bus.compressedBatches(compressions);
  }
  const sent = performance.now();
  const ids = new Set(good.map(({ id }) => id));
  const out = await eventually(
    async () => {
      const found = (await world.bus.records(topics.actions)).filter((record) => ids.has(record.key?.toString() ?? ''));
      expect(found).toHaveLength(goods);
      return found;
    },
    { withinMs: 30_000, everyMs: 250 },
  );
  console.info(
    `sent in ${String(Math.round(sent - started))} ms, all out ${String(Math.round(performance.now() - sent))} ms later; memory before ${String(Math.round(before))} MB, peak ${String(Math.round(memory('VmHWM')))} MB`,
  );
  expect(out.every((record) => eventOf(record).type === 'sallyport.action.accepted.v1')).toBe(true);
  const order = new Map(good.map(({ id }, n) => [id, n]));
  for (let partition = 0; partition < 6; partition += 1) {
    const mine = out
      .filter((record) => record.partition === partition)
      .map((record) => order.get(record.key?.toString() ?? '') ?? -1);
    expect(mine).toEqual([...mine].sort((a, b) => a - b));
  }
  expect(memory('VmHWM')).toBeLessThan(250);
  // Behind all that, it still works.
  const last = anAsk({ key: key.signing, aud: kafkaAud(world.gate.id), id: newId() });
  await world.bus.produce(topics.requests, [recordOf(last)]);
  await eventually(async () => {
    expect((await world.bus.records(topics.actions)).some((record) => record.key?.toString() === last.id)).toBe(true);
  });
  expect(intake.exitCode).toBeNull();
}, 150_000);
