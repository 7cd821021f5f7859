import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { startLeashed, type Exit, type Leashed, type Program } from './leash.js';
import { until } from './until.js';

/** A program that the supervisor keeps running. */
export interface Supervised extends Program {
  /** Answers 2xx when the program is ready; without it a program counts as ready at once. */
  readyUrl?: string;
  readyWithinMs?: number;
  /** Whether it is started again after an end that nobody asked for. A second life gets no `SALLYPORT_FAULT`. */
  restart: boolean;
}

export type News =
  | { name: string; what: 'ready'; afterMs: number }
  | { name: string; what: 'ended'; exit: Exit }
  | { name: string; what: 'restarting'; inMs: number };

interface Life {
  program: Supervised;
  process: Leashed;
  /** Set when we asked for the end. */
  unwanted: boolean;
  failures: number;
  exit?: Exit;
}

const firstPauseMs = 500;
const longestPauseMs = 10_000;
/** A program that has lived this long has not failed in a row. */
const healthyAfterMs = 30_000;
const readyWithinMs = 90_000;

/** Starts programs, waits until they are ready, starts them again when they die, and ends them in order. */
export class Supervisor {
  private readonly lives = new Map<string, Life>();
  private ending = false;

  constructor(private readonly tell: (news: News) => void = () => undefined) {}

  /** Errors: it ended or was not ready in time; the message names its log, and ends with the end of it. */
  async start(program: Supervised): Promise<void> {
    if (this.lives.get(program.name)?.process.running() === true) throw new Error(`${program.name} runs already`);
    const startedAt = performance.now();
    const life = this.launch(program, 0);
    await this.ready(life);
    this.tell({ name: program.name, what: 'ready', afterMs: performance.now() - startedAt });
  }

  /** Runs a program that ends by itself. Errors: an exit code other than 0; the message holds the end of its log. */
  async finish(program: Program & { logFile: string }): Promise<void> {
    const life = this.launch({ ...program, restart: false }, 0);
    life.unwanted = true;
    const { code, signal } = await life.process.exited;
    if (code === 0) return;
    throw new Error(
      `${program.name} failed (${howOf({ code, signal })}). The end of ${program.logFile}:\n${endOf(program.logFile)}`,
    );
  }

  /** Orderly end. Programs started later are not touched. */
  async stop(name: string): Promise<Exit> {
    return this.endOf(name, (process) => process.stop());
  }

  /** -9. */
  async kill(name: string): Promise<Exit> {
    return this.endOf(name, (process) => process.kill());
  }

  /** The running process, for tests that signal it or wait for its own end. */
  process(name: string): Leashed {
    return this.known(name).process;
  }

  names(): string[] {
    return [...this.lives.keys()];
  }

  /** Ends everything side by side, and starts nothing any more. */
  async stopAll(): Promise<void> {
    this.ending = true;
    await Promise.all([...this.lives.keys()].map((name) => this.stop(name)));
  }

  /** -9 for everything, and starts nothing any more. */
  async killAll(): Promise<void> {
    this.ending = true;
    await Promise.all([...this.lives.keys()].map((name) => this.kill(name)));
  }

  private launch(program: Supervised, failures: number): Life {
    if (this.ending) throw new Error(`${program.name} is not started: everything is being stopped`);
    const startedAt = performance.now();
    const life: Life = { program, process: startLeashed(program), unwanted: false, failures };
    this.lives.set(program.name, life);
    void life.process.exited.then((exit) => {
      life.exit = exit;
      return this.ended(life, exit, performance.now() - startedAt);
    });
    return life;
  }

  private async ready(life: Life): Promise<void> {
    const { program, process } = life;
    const { readyUrl } = program;
    if (readyUrl === undefined) return;
    await until(() => answersWell(readyUrl), {
      what: `${program.name} at ${readyUrl} (log: ${program.logFile ?? 'none'})`,
      withinMs: program.readyWithinMs ?? readyWithinMs,
      everyMs: 50,
      hopeless: () => (process.running() ? undefined : `the process has ended${lastWords(life)}`),
    });
  }

  private async ended(life: Life, exit: Exit, livedMs: number): Promise<void> {
    if (life.unwanted || this.ending) return;
    this.tell({ name: life.program.name, what: 'ended', exit });
    if (!life.program.restart) return;
    const failures = livedMs > healthyAfterMs ? 0 : life.failures;
    const inMs = Math.min(firstPauseMs * 2 ** failures, longestPauseMs);
    this.tell({ name: life.program.name, what: 'restarting', inMs });
    await pause(inMs, undefined, { ref: false });
    if (this.isGivenUp(life)) return;
    this.launch({ ...life.program, env: { ...life.program.env, SALLYPORT_FAULT: undefined } }, failures + 1);
  }

  /** Somebody stopped it, or started it anew, while it waited for its next life. */
  private isGivenUp(life: Life): boolean {
    return this.ending || life.unwanted || this.lives.get(life.program.name) !== life;
  }

  private async endOf(name: string, end: (process: Leashed) => Promise<Exit>): Promise<Exit> {
    const life = this.known(name);
    life.unwanted = true;
    return end(life.process);
  }

  private known(name: string): Life {
    const life = this.lives.get(name);
    if (life === undefined) throw new Error(`no program is called ${name}`);
    return life;
  }
}

const howOf = ({ code, signal }: Exit): string => signal ?? `exit code ${String(code)}`;

function lastWords({ exit, program }: Life): string {
  const how = exit === undefined ? '' : ` (${howOf(exit)})`;
  return program.logFile === undefined ? how : `${how}. The end of its log:\n${endOf(program.logFile)}`;
}

function endOf(logFile: string): string {
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-15).join('\n');
}

async function answersWell(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
