import type { Agent } from './agents.js';
import type { Person } from './people.js';

/** How many requests may wait for people at once. */
export interface WaitingLimits {
  agent: number;
  task: number;
  owner: number;
}

/** Where the registry names no limit: more than people can look at, and few enough to see that something is wrong. */
const usual: WaitingLimits = { agent: 200, task: 50, owner: 500 };

export function waitingLimits(agent: Agent, owner: Person | undefined): WaitingLimits {
  const { in_all = usual.agent, per_task = usual.task } = agent.most_waiting ?? {};
  return { agent: in_all, task: per_task, owner: owner?.most_waiting ?? usual.owner };
}

/** For whom a request waits, or would. */
export interface Waiting {
  agent: string;
  owner: string;
  /** The agent's own word: leaving it out, or another one each time, leaves the limit of the agent. */
  task: string | undefined;
}

/** How many requests wait, of each agent, task and owner. What is let in is counted. */
export class Crowd {
  readonly #counts = new Map<string, number>();

  constructor(waiting: readonly (Waiting & { count: number })[]) {
    for (const each of waiting) this.#count(each, each.count);
  }

  /** Lets one more wait, or answers false and counts nothing. */
  take(one: Waiting, limits: WaitingLimits): boolean {
    if (!this.hasRoom(one, limits)) return false;
    this.#count(one, 1);
    return true;
  }

  hasRoom({ agent, owner, task }: Waiting, limits: WaitingLimits): boolean {
    const isBelow = (most: number, ...key: string[]): boolean => (this.#counts.get(JSON.stringify(key)) ?? 0) < most;
    const fitsTask = task === undefined || isBelow(limits.task, 'task', agent, task);
    return fitsTask && isBelow(limits.agent, 'agent', agent) && isBelow(limits.owner, 'owner', owner);
  }

  #count({ agent, owner, task }: Waiting, more: number): void {
    const keys = [['agent', agent], ['owner', owner], ...(task === undefined ? [] : [['task', agent, task]])];
    for (const key of keys.map((each) => JSON.stringify(each))) this.#counts.set(key, (this.#counts.get(key) ?? 0) + more);
  }
} // prettier-ignore
