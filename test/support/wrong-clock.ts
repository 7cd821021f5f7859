import { globSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from './processes.js';

/**
 * The environment of a process whose wall clock is wrong by so much (`+1h`, `-5m`). Durations stay as they are: a machine
 * with a wrong clock waits as long as any other. Whoever uses it calls `forgetWrongClocks` when the process is gone.
 */
export function wrongBy(offset: string): Record<string, string> {
  // `npm test` has found or installed it, and names it.
  const library = process.env['SALLYPORT_LIBFAKETIME'] ?? globSync('/usr/lib/*/faketime/libfaketime.so.1')[0];
  if (library === undefined) throw new Error('no libfaketime: install it, or name one in SALLYPORT_LIBFAKETIME');
  return { LD_PRELOAD: library, FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1', NO_FAKE_STAT: '1' };
}

const memory = '/dev/shm';
const named = /^(?:faketime_shm|sem\.faketime_sem)_(?<pid>\d+)$/u;

/** libfaketime leaves some bytes of shared memory behind where its process was killed. */
export function forgetWrongClocks(): void {
  for (const name of readdirSync(memory)) {
    const pid = Number(named.exec(name)?.groups?.['pid'] ?? 0);
    if (pid > 0 && !isAlive(pid)) rmSync(join(memory, name), { force: true });
  }
}
