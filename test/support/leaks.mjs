// Jest's global set-up and tear-down of the projects that start real processes: a spec that leaves one behind fails the run.
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const settleMs = 5000;
const runName = () => `sallyport-${process.env.TEST_RUN}-`;

/** Scratch folders carry the name of the run, and so do the command lines or settings of what works in them. */
export default function begin() {
  process.env.TEST_RUN = `${process.pid}-${Date.now().toString(36)}`;
}

/** @throws When a process or a folder of this run is left. The processes are ended first. */
export async function end() {
  const deadline = performance.now() + settleMs;
  while (processes().length > 0 && performance.now() < deadline) await new Promise((wake) => setTimeout(wake, 100));
  const left = processes();
  for (const { pid } of left) process.kill(pid, 'SIGKILL');
  const folders = readdirSync(tmpdir()).filter((name) => name.startsWith(runName()));
  for (const name of folders) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  const lines = [
    ...left.map(({ pid, command }) => `process ${pid}: ${command}`),
    ...folders.map((name) => `folder ${name}`),
  ];
  if (lines.length > 0) throw new Error(`a spec left behind:\n${lines.join('\n')}`);
}

function processes() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .filter(
      (pid) =>
        Number(pid) !== process.pid &&
        [read(pid, 'cmdline'), read(pid, 'environ')].some((text) => text.includes(runName())),
    )
    .map((pid) => ({ pid: Number(pid), command: read(pid, 'cmdline').replaceAll('\0', ' ').slice(0, 200) }));
}

function read(pid, what) {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'utf8');
  } catch {
    return '';
  }
}
