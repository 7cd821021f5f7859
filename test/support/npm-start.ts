import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { root } from '../../tools/world/place.js';
import { isOpen } from '../../tools/world/ports.js';
import { freePortsOfWorld, portNames, portSetting, type Ports } from '../../tools/world/ports-of-world.js';
import { eventually } from './eventually.js';
import { processesWith } from './processes.js';

/** What `npm start` runs, on free ports and in a folder of its own, as somebody at a terminal would have it. */
export interface Started {
  ports: Ports;
  child: ChildProcess;
  /** All that it printed so far. */
  printed(): string;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** @param dir Data, keys and logs; the same folder again is a second start. */
export async function npmStart(dir: string, ports?: Ports): Promise<Started> {
  const chosen = ports ?? (await freePortsOfWorld());
  const settings = Object.fromEntries(portNames.map((name) => [portSetting(name), String(chosen[name])]));
  const child = spawn(process.execPath, [join(root, 'tools', 'start.mjs')], {
    cwd: root,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...settings, SALLYPORT_WORLD_DIR: dir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  }
  const ended = once(child, 'exit').then(([code, signal]: unknown[]) => {
    return { code: code as number | null, signal: signal as NodeJS.Signals | null };
  });
  return { ports: chosen, child, printed: () => printed, ended };
}

/** Everything is up. Errors: it ended before; the failure shows what it printed. */
export async function ready({ child, printed }: Started): Promise<void> {
  await eventually(
    () => {
      if (child.exitCode === null && !printed().includes('Sallyport runs.')) throw new Error(`not yet: ${printed()}`);
    },
    { withinMs: 90_000, everyMs: 100 },
  );
  expect(child.exitCode === null ? '' : printed()).toBe('');
}

/** Nothing that it started is alive, and none of its ports is listened on. */
export async function gone(dir: string, ports: Ports): Promise<void> {
  await eventually(
    async () => {
      expect(processesWith(dir)).toEqual([]);
      const open = await Promise.all(portNames.map(async (name) => ((await isOpen(ports[name])) ? [name] : [])));
      expect(open.flat()).toEqual([]);
    },
    { withinMs: 15_000, everyMs: 100 },
  );
}
