import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './place.js';

export type StopSignal = 'SIGTERM' | 'SIGINT';

/** A program and its arguments. */
export type Words = [string, ...string[]];

export interface Program {
  name: string;
  command: Words;
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** File that gets what the program prints (appended); without it the output is thrown away. */
  logFile?: string;
  /** Asks the program to end in an orderly way. */
  stopSignal?: StopSignal;
  /** How long an orderly end may take before it is forced. */
  graceMs?: number;
  user?: { uid: number; gid: number };
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** One running program. */
export interface Leashed {
  name: string;
  pid: number;
  /** Settles when the program itself has ended; never rejects. */
  exited: Promise<Exit>;
  running(): boolean;
  signal(signal: NodeJS.Signals): void;
  /** Orderly end, forced after the program's grace. */
  stop(): Promise<Exit>;
  /** -9 for the program and everything that it started in its group. */
  kill(): Promise<Exit>;
}

const defaultGraceMs = 10_000;
/** When we are gone nobody waits for an orderly end, so it gets less time. */
const orphanGraceTenths = 30;

/** Starts a program that dies with us, even when we are killed with -9 (how: `tools/leash.sh`). Errors: the program's file is missing (the shell's exit code 127 or 126, in `exited`). */
export function startLeashed(program: Program): Leashed {
  const out = program.logFile === undefined ? 'ignore' : openLog(program.logFile);
  const signalName = (program.stopSignal ?? 'SIGTERM').slice(3);
  const child = spawn(
    '/bin/sh',
    [join(root, 'tools', 'leash.sh'), signalName, String(orphanGraceTenths), ...program.command],
    {
      // Its own group: a Ctrl-C in the terminal reaches only us, and we stop things in order.
      detached: true,
      stdio: ['ignore', out, out, 'pipe'] satisfies StdioOptions,
      env: program.env ?? process.env,
      ...(program.cwd === undefined ? {} : { cwd: program.cwd }),
      ...program.user,
    },
  );
  if (typeof out === 'number') closeSync(out);
  return leashed(program, child);
}

function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  return openSync(file, 'a');
}

function leashed(program: Program, child: ChildProcess): Leashed {
  let running = true;
  const exited = new Promise<Exit>((resolve) => {
    const ended = (exit: Exit): void => {
      running = false;
      letGo(child);
      resolve(exit);
    };
    child.once('exit', (code, signal) => {
      ended({ code, signal });
    });
    child.once('error', () => {
      ended({ code: 126, signal: null });
    });
  });
  const pid = child.pid ?? -1;
  const signal = (name: NodeJS.Signals): void => {
    if (running) child.kill(name);
  };
  const kill = (): Promise<Exit> => {
    if (running && pid > 0) killGroup(pid);
    return exited;
  };
  const stop = async (): Promise<Exit> => {
    signal(program.stopSignal ?? 'SIGTERM');
    const timer = setTimeout(() => void kill(), program.graceMs ?? defaultGraceMs);
    const exit = await exited;
    clearTimeout(timer);
    return exit;
  };
  return { name: program.name, pid, exited, running: () => running, signal, stop, kill };
}

/** Closes our end of the pipe: the watcher sweeps what the program left in its group, and ends. */
function letGo(child: ChildProcess): void {
  const pipe = child.stdio[3];
  if (pipe !== null && pipe !== undefined) pipe.destroy();
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
