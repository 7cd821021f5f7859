import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rounds, seed } from '../support/depth.js';
import { anyAct, anyActOrCrash, anyTurn, firstWish, type Act, type Turn, type Wish } from './approvals-acts.js';
import { ModelWorld } from './approvals-model.js';
import { Story } from './approvals-story.js';

let world: ModelWorld;
let start: number;

beforeAll(async () => {
  start = seed('approvals model');
  world = await ModelWorld.start();
}, 60_000);

afterAll(async () => {
  await world.remove();
});

async function turn(story: Story, actionId: string, one: Turn): Promise<void> {
  await world.take(actionId, one);
  if (one.turn === 'deadline') story.passDeadline();
  if (one.turn === 'silence') await story.passSilence();
  await story.check([]);
}

/** One thing after the other: what has to be counted is counted. */
async function inOrder(wish: Wish, steps: readonly (Act | Turn)[]): Promise<void> {
  const actionId = await world.open(wish);
  const story = new Story(world, actionId);
  await story.check([]);
  for (const step of steps) {
    if ('turn' in step) await turn(story, actionId, step);
    else {
      const must = await story.mustCount(step);
      const answer = await world.act(actionId, step);
      const counted = await story.check([step]);
      expect([answer, counted]).toEqual([answer, must ? 1 : counted]);
    }
  }
}

/** Some things at the same moment, on two replicas, while sessions break; the world turns in between. */
async function atOnce(wish: Wish, moments: readonly (Act[] | Turn)[]): Promise<void> {
  const actionId = await world.open(wish);
  const story = new Story(world, actionId);
  await story.check([]);
  for (const moment of moments) {
    if ('turn' in moment) await turn(story, actionId, moment);
    else {
      await Promise.all(moment.map((act) => world.act(actionId, act)));
      await story.check(moment);
    }
  }
}

const options = (numRuns: number) => ({ numRuns, seed: start });
const deepTime = 1_200_000;

describe('whatever happens to a request, never granted without every quorum, one end, no vote twice', () => {
  it('one after the other', async () => {
    const steps = fc.array(fc.oneof({ weight: 4, arbitrary: anyAct }, { weight: 1, arbitrary: anyTurn }), { minLength: 3, maxLength: 16 });
    await fc.assert(fc.asyncProperty(firstWish, steps, inOrder), options(rounds({ quick: 25, deep: 600 })));
  }, deepTime); // prettier-ignore

  it('at the same moment, on two replicas, while sessions break', async () => {
    const moment = fc.array(anyActOrCrash, { minLength: 2, maxLength: 8 });
    const moments = fc.array(fc.oneof({ weight: 3, arbitrary: moment }, { weight: 1, arbitrary: anyTurn }), { minLength: 2, maxLength: 8 });
    await fc.assert(fc.asyncProperty(firstWish, moments, atOnce), options(rounds({ quick: 25, deep: 600 })));
  }, deepTime); // prettier-ignore
});
