import { describe, expect, it } from '@jest/globals';
import { Crowd, waitingLimits, type Waiting } from './waiting.js';

const who = (more: Partial<Waiting> = {}): Waiting => ({ agent: 'a', owner: 'olga', task: 't-1', ...more });
const limits = { agent: 3, task: 2, owner: 4 };
const agent = { most_waiting: { in_all: 3 } } as Parameters<typeof waitingLimits>[0];

describe('how many requests may wait for people', () => {
  it('is what the registry says of the agent and of its owner, else the usual', () => {
    const owner = { most_waiting: 7 } as Parameters<typeof waitingLimits>[1];
    expect(waitingLimits(agent, owner)).toEqual({ agent: 3, task: 50, owner: 7 });
    expect(waitingLimits({} as typeof agent, undefined)).toEqual({ agent: 200, task: 50, owner: 500 });
  });

  it('has a limit for one task, one agent and one owner, and counts what it lets in', () => {
    const crowd = new Crowd([]);
    expect([crowd.take(who(), limits), crowd.take(who(), limits), crowd.take(who(), limits)]).toEqual([true, true, false]);
    expect([crowd.take(who({ task: 't-2' }), limits), crowd.take(who({ task: undefined }), limits)]).toEqual([true, false]);
    expect([crowd.take(who({ agent: 'b' }), limits), crowd.take(who({ agent: 'c' }), limits)]).toEqual([true, false]);
    expect(crowd.take(who({ agent: 'c', owner: 'omar' }), limits)).toBe(true);
  });

  it('begins with what waits already', () => {
    const crowd = new Crowd([{ ...who(), count: 1 }, { ...who({ task: undefined }), count: 1 }]);
    expect([crowd.take(who(), limits), crowd.take(who({ task: 't-2' }), limits)]).toEqual([true, false]);
  });

  it('takes the task of one agent for no other agent’s', () => {
    const crowd = new Crowd([{ ...who(), count: 2 }]);
    expect(crowd.take(who({ agent: 'b' }), limits)).toBe(true);
  });
}); // prettier-ignore
