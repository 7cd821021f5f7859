import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { serviceNames } from '#platform';
import pg from 'pg';
import type { RunningGate } from '../support/running-gate.js';
import { round } from './figures.js';

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const pageBytes = Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }));

/** CPU seconds that a process has used so far. */
function cpuSeconds(pid: number): number {
  const fields = (readFileSync(`/proc/${String(pid)}/stat`, 'utf8').split(') ')[1] ?? '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

function rssMb(pid: number): number {
  const pages = Number(readFileSync(`/proc/${String(pid)}/statm`, 'utf8').split(' ')[1]);
  return round((pages * pageBytes) / 2 ** 20, 0);
}

export interface ProcessFigures {
  name: string;
  idle_cpu_percent: number;
  rss_mb: number;
}

/** The processes of the gate, as the kernel counts them. */
export class Machine {
  readonly #pids: Map<string, number>;

  constructor(private readonly gate: RunningGate) {
    this.#pids = new Map(serviceNames.map((name) => [name, gate.world.process(name).pid]));
  }

  /** CPU seconds of all services together. */
  cpu(): number {
    return [...this.#pids.values()].reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  }

  /** Nothing is asked for so many seconds. */
  async idle(seconds: number): Promise<ProcessFigures[]> {
    const before = new Map([...this.#pids].map(([name, pid]) => [name, cpuSeconds(pid)]));
    await pause(seconds * 1_000);
    return [...this.#pids].map(([name, pid]) => ({
      name,
      idle_cpu_percent: round(((cpuSeconds(pid) - (before.get(name) ?? 0)) / seconds) * 100, 2),
      rss_mb: rssMb(pid),
    }));
  }

  /** Bytes of write-ahead log so far. */
  async wal(): Promise<number> {
    const client = new pg.Client({ connectionString: this.gate.world.adminUrl });
    await client.connect();
    try {
      const { rows } = await client.query<{ bytes: string }>(
        `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS bytes`,
      );
      return Number(rows[0]?.bytes ?? 0);
    } finally {
      await client.end();
    }
  }
}
