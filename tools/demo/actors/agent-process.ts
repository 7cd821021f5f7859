import { createInterface } from 'node:readline';
import { spawn, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { AgentFile } from '../agent-files.js';
import type { Asked } from '#sdk';
import { writeWhole } from '../stage.js';

export const agentLine = z.object({
  step: z.string(),
  action_id: z.string(),
  outcome: z.string().optional(),
  code: z.string().optional(),
  at: z.string(),
});
export type AgentLine = z.infer<typeof agentLine>;

export interface AgentTask {
  agent: AgentFile;
  asked: Asked;
  action_id: string;
  wait_seconds: number;
}

type Watcher = (line: AgentLine) => void;

/** A demo agent as a program of its own, heard through what it prints. */
export class AgentProcess {
  readonly lines: AgentLine[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #watch: Watcher = () => undefined;
  #errors = '';

  /**
   * @param command The program; it gets the path of its configuration as last argument.
   * @param dir Where that file lies while the program runs: it holds private keys.
   */
  constructor(command: readonly [string, ...string[]], task: AgentTask, dir: string) {
    const file = join(dir, `${task.action_id}.task.json`);
    writeWhole(file, JSON.stringify(task));
    const [program, ...words] = command;
    this.#child = spawn(program, [...words, file], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#errors += text));
    if (this.#child.stdout !== null) createInterface(this.#child.stdout).on('line', (text) => { this.#hear(text); });
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', (code) => {
        rmSync(file, { force: true });
        resolve(code);
      });
    });
  } // prettier-ignore

  /** Calls this for every line, those that were printed already too. */
  onLine(watch: Watcher): void {
    for (const line of this.lines) watch(line);
    this.#watch = watch;
  }

  /** The line of this step, when it is printed. Errors: the program ends without it. */
  async line(step: string): Promise<AgentLine> {
    const known = this.lines.find((line) => line.step === step);
    if (known !== undefined) return known;
    const before = this.#watch;
    return new Promise((resolve, reject) => {
      this.#watch = (line) => {
        before(line);
        if (line.step !== step) return;
        this.#watch = before;
        resolve(line);
      };
      void this.#ended.then(() => {
        const said = this.lines.map((line) => [line.step, line.code].join(' ').trim()).join(', ');
        reject(new Error(`the agent never got to "${step}": ${said} ${this.#errors.slice(-400)}`));
      });
    });
  }

  /** Its exit code, when it has ended. */
  get ended(): Promise<number | null> {
    return this.#ended;
  }

  stop(): void {
    this.#child.kill();
  }

  #hear(text: string): void {
    const line = agentLine.parse(JSON.parse(text));
    this.lines.push(line);
    this.#watch(line);
  }
}
