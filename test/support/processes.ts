import { readFileSync, readdirSync } from 'node:fs';

/** Process ids whose command line or environment contains this text, ourselves excluded. Only where there is /proc. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name) && Number(name) !== process.pid)
    .filter((name) => read(`/proc/${name}/cmdline`).includes(text) || read(`/proc/${name}/environ`).includes(text))
    .map(Number);
}

/** A process that has ended but is not yet buried counts as gone. */
export function isAlive(pid: number): boolean {
  const stat = read(`/proc/${String(pid)}/stat`);
  return stat !== '' && !/\) [ZX] /u.test(stat);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
