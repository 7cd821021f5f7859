import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import { newActionId, type Asked } from '#sdk';
import { Agent, type Tell } from './actors/agent.js';
import { AgentProcess } from './actors/agent-process.js';
import { Observer } from './actors/observer.js';
import { Person, Said } from './actors/person.js';
import { ensureAgentFile } from './agent-files.js';
import { programPath } from './demo-programs.js';
import { agentDocument, agentsWhere, type AgentName } from './register-all.js';
import type { Stage } from './stage.js';

/** One thing that the demo shows, from the first request to what is there at the target. */
export interface Scene {
  story: string;
  title: string;
  play: (on: Play) => Promise<void>;
}

/** Something was not as it must be. */
export class NotAsItMustBe extends Error {}

/** What a scene plays with: people and agents of a running demo, and somebody who looks at the target. */
export class Play {
  readonly observer: Observer;
  /** Tells agents and columns of this play from those of others in the same demo. */
  readonly mark = randomBytes(4).toString('hex');
  readonly #people = new Map<string, Person>();
  readonly #running: AgentProcess[] = [];
  #cast = 0;

  constructor(
    readonly stage: Stage,
    private readonly to: Tell,
  ) {
    this.observer = new Observer(stage.observer_url);
  }

  readonly tell: Tell = (told) => {
    this.to(told);
  };

  person(id: string): Person {
    const person = this.#people.get(id) ?? new Person(id, this.stage);
    this.#people.set(id, person);
    return person;
  }

  /** A fresh agent, registered by a registrar: nothing of earlier plays counts against it. */
  async agent(name: AgentName): Promise<Agent> {
    this.#cast += 1;
    const suffix = `${this.mark}-${this.#cast}`;
    const { kind, id, spec } = agentDocument(this.stage, name, suffix);
    await this.person('rita').register(kind, id, spec);
    return new Agent(ensureAgentFile(id, agentsWhere(this.stage)), this.tell);
  }

  /** Sets an agent to work by itself, as a program. `command` is another program than the demo's own. */
  run({ file }: Agent, asked: Asked, command?: readonly [string, ...string[]]): AgentProcess {
    const task = { agent: file, asked, action_id: newActionId(), wait_seconds: 60 };
    const own: readonly [string, ...string[]] = [process.execPath, programPath('agent')];
    const program = new AgentProcess(command ?? own, task, this.stage.agents_dir);
    program.onLine(({ step, action_id, outcome, code }) => {
      this.tell({ step, action_id, outcome, code });
    });
    this.#running.push(program);
    return program;
  }

  /** What a door answered when it had to say no; `why` behind the code where there is one. */
  async refused(work: () => Promise<unknown>): Promise<string | undefined> {
    try {
      await work();
      return undefined;
    } catch (error) {
      if (!(error instanceof Said)) throw error;
      this.tell({ step: 'refused', code: error.code });
      return error.why === undefined ? error.code : `${error.code}/${error.why}`;
    }
  }

  /** @throws NotAsItMustBe */
  must(what: string, actual: unknown, expected: unknown): void {
    if (isDeepStrictEqual(actual, expected)) return;
    throw new NotAsItMustBe(`${what}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(actual)}`);
  }

  /** Looks again until it is so. @throws NotAsItMustBe after the time is up. */
  async becomes(what: string, look: () => Promise<unknown>, expected: unknown, withinMs = 15_000): Promise<void> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const actual = await look();
      if (isDeepStrictEqual(actual, expected)) return;
      if (performance.now() > deadline) this.must(what, actual, expected);
      await pause(100);
    }
  }

  async end(): Promise<void> {
    for (const program of this.#running) program.stop();
    await this.observer.stop();
  }
}
