import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { inRoot, root } from './place.mjs';

/** Everything that runs now, by process group; `stopAll` ends it. */
const running = new Set();

/**
 * Runs a program to its end. It dies with us, also when we are killed with -9 (`tools/leash.sh`).
 *
 * @param {{ command: string[], env?: object, logFile?: string, grace?: string }} program Without `logFile` it prints to our
 *   terminal. `grace`: tenths of a second between being asked and being forced to end.
 * @returns {Promise<number>} Its exit code; 128 + 15 when a signal ended it.
 */
export function runToEnd({ command, env, logFile, grace = '50' }) {
  const out = logFile === undefined ? 'inherit' : openLog(logFile);
  const child = spawn('/bin/sh', [inRoot('tools', 'leash.sh'), 'TERM', grace, ...command], {
    cwd: root,
    detached: true,
    stdio: ['ignore', out, out, 'pipe'],
    env: { ...process.env, ...env },
  });
  if (typeof out === 'number') closeSync(out);
  running.add(child);
  return new Promise((resolve) => {
    child.once('exit', (code) => {
      running.delete(child);
      child.stdio[3].destroy();
      resolve(code ?? 143);
    });
  });
}

/** Asks everything that runs to end, and waits until it has. */
export function stopAll() {
  return endAll((child) => child.kill('SIGTERM'));
}

/** Ends everything that runs, and what it started, at once. */
export function killAll() {
  return endAll((child) => process.kill(-child.pid, 'SIGKILL'));
}

/** True once we have asked everything to end: what fails from then on did not fail by itself. */
export const isStopping = () => stopping;

let stopping = false;

async function endAll(end) {
  stopping = true;
  await Promise.all(
    [...running].map((child) => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      end(child);
      return ended;
    }),
  );
}

/** The output of a short program, or undefined when it is missing or fails. @param {string[]} command */
export function outputOf([program, ...args]) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 20_000 });
  return status === 0 ? stdout + stderr : undefined;
}

/** @param {string} file @param {number} count */
export function lastLines(file, count) {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
}

function openLog(file) {
  mkdirSync(dirname(file), { recursive: true });
  return openSync(file, 'w');
}
