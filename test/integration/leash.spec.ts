import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { root } from '../../tools/world/place.js';
import { freePorts, isOpen } from '../../tools/world/ports.js';
import { eventually } from '../support/eventually.js';
import { processesWith } from '../support/processes.js';
import { scratchFolder } from '../support/scratch.js';

/** A starter in a process of its own: Kafka, PostgreSQL and a Node program, then it waits to be ended. */
const starter = `
  const [dir, kafka, controller, postgres, web] = process.argv.slice(1);
  const from = (file) => import(process.cwd() + '/dist/tools/world/' + file + '.js');
  const { EmbeddedKafka } = await from('kafka');
  const { EmbeddedPostgres } = await from('postgres');
  const { startLeashed } = await from('leash');
  const port = Number;
  const serve = 'require("http").createServer().listen(' + web + ', "127.0.0.1")';
  await Promise.all([
    new EmbeddedKafka({ dir: dir + '/kafka', port: port(kafka), controllerPort: port(controller), logFile: dir + '/kafka.log' }).start(),
    new EmbeddedPostgres({ dir: dir + '/pg', port: port(postgres), password: 'throw-away', durable: false, logFile: dir + '/pg.log' }).start(),
    startLeashed({ name: 'web', command: [process.execPath, '-e', serve, dir] }),
  ]);
  console.log('started');
  setInterval(() => {}, 1000);
`;

describe.each(['SIGKILL', 'SIGINT'] as const)('a starter that gets %s', (signal) => {
  it('takes Kafka, PostgreSQL and Node programs with it', async () => {
    const scratch = scratchFolder('leash');
    const ports = await freePorts(4);
    const child = startStarter(scratch.dir, ports);
    await line(child, 'started');
    await eventually(() => everyOpen(ports, true));
    expect(processesWith(scratch.dir).length).toBeGreaterThanOrEqual(3);

    child.kill(signal);

    await eventually(() => everyOpen(ports, false));
    await eventually(() => {
      expect(processesWith(scratch.dir)).toEqual([]);
    });
    scratch.remove();
  }, 60_000);
});

type Starter = ChildProcessByStdio<null, Readable, null>;

function startStarter(dir: string, ports: number[]): Starter {
  const [kafka, controller, postgres, web] = ports.map(String);
  const args = [dir, kafka ?? '', controller ?? '', postgres ?? '', web ?? ''];
  const command = ['--input-type=module', '-e', starter, '--', ...args];
  return spawn(join(root, 'node_modules/.bin/node'), command, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
}

async function line(child: Starter, text: string): Promise<void> {
  expect(await once(createInterface(child.stdout), 'line')).toEqual([text]);
}

async function everyOpen(ports: number[], open: boolean): Promise<void> {
  expect(await Promise.all(ports.map(isOpen))).toEqual(ports.map(() => open));
}
