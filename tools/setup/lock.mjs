import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { inCache } from './place.mjs';

/**
 * Two set-ups at once would tread on each other's `node_modules`. The second waits; a lock whose holder is dead counts
 * for nothing.
 *
 * @template T @param {() => Promise<T>} work @param {(holder: number) => void} onWait Called once when somebody else holds it.
 * @param {string} lock The file that says who is at it. @returns {Promise<T>}
 */
export async function alone(work, onWait, lock = inCache('setup.lock')) {
  mkdirSync(dirname(lock), { recursive: true });
  let told = false;
  while (!take(lock)) {
    const holder = holderOf(lock);
    if (holder !== undefined && !isAlive(holder)) takeAway(lock, holder);
    else {
      if (!told && holder !== undefined) onWait(holder);
      told = true;
      await pause(200);
    }
  }
  // Also for an end by `process.exit`, which runs no `finally`.
  const release = () => rmSync(lock, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

function take(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Moved aside first: between looking and removing, the lock may have become somebody else's, who then gets it back. */
function takeAway(lock, deadHolder) {
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  if (holderOf(aside) === deadHolder) rmSync(aside);
  else renameSync(aside, lock);
}

function holderOf(file) {
  try {
    return Number(readFileSync(file, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
