import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../../tools/world/place.js';
import { node } from '../../tools/world/service-program.js';

/** One HTTP call, made ready beforehand. */
export interface Call {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string;
}

export interface Answer {
  status: number;
  body: string;
  /** When it was there, in milliseconds of the wall clock. */
  at: number;
}

/** One side of a race: a process of its own that waits at the barrier for the instant it is given. */
export class Racer {
  readonly #waiting = new Map<number, (answers: Answer[]) => void>();
  #count = 0;

  private constructor(private readonly child: ChildProcess) {
    const { stdout } = child;
    if (stdout === null) throw new TypeError('a racer answers on its output');
    createInterface({ input: stdout }).on('line', (line) => {
      const { id, answers } = JSON.parse(line) as { id: number; answers: Answer[] };
      this.#waiting.get(id)?.(answers);
      this.#waiting.delete(id);
    });
  }

  static async start(): Promise<Racer> {
    const child = spawn(node, [join(root, 'test/support/racer.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(child, 'spawn');
    return new Racer(child);
  }

  /** All calls at once, at this instant of the wall clock. */
  at(instant: number, calls: readonly Call[]): Promise<Answer[]> {
    this.#count += 1;
    const id = this.#count;
    const { promise, resolve } = Promise.withResolvers<Answer[]>();
    this.#waiting.set(id, resolve);
    this.child.stdin?.write(`${JSON.stringify({ id, at: instant, calls })}\n`);
    return promise;
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.stdin?.end();
    await ended;
  }
}

/** Numbers between 0 and 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * When the second side starts, relative to the first: a seeded offset of -20 to +20 ms around the place where both win
 * equally often. That place depends on the machine, so each result moves it a little towards the side that lost.
 */
export class Offsets {
  #centre = 0;
  #first = 0;
  #second = 0;

  constructor(
    private readonly random: () => number,
    private readonly stepMs = 8,
  ) {}

  next(): number {
    return this.#centre + Math.round(this.random() * 40 - 20);
  }

  /** The side that is too fast is held back. */
  won(side: 'first' | 'second'): void {
    this.#centre += side === 'first' ? -this.stepMs : this.stepMs;
    if (side === 'first') this.#first += 1;
    else this.#second += 1;
  }

  get centre(): number {
    return this.#centre;
  }

  get wins(): { first: number; second: number } {
    return { first: this.#first, second: this.#second };
  }
}
