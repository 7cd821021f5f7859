import { describe, expect, it } from '@jest/globals';
import { Pacer } from './pacer.js';

class FakeTime {
  at = 1_000;
  waits: number[] = [];
  now = () => this.at;
  wait = (ms: number) => {
    this.waits.push(ms);
    this.at += ms;
    return Promise.resolve();
  };
}

describe('pacing', () => {
  it('costs nothing when the last round is long over', async () => {
    const time = new FakeTime();
    const pacer = new Pacer(10, time);
    await pacer.turn();
    time.at += 50;
    await pacer.turn();
    expect(time.waits).toEqual([0, 0]);
  });

  it('under load gathers until the pace is up, and all calls of one round share the wait', async () => {
    const time = new FakeTime();
    const pacer = new Pacer(10, time);
    await pacer.turn();
    time.at += 3;
    await Promise.all([pacer.turn(), pacer.turn(), pacer.turn()]);
    expect(time.waits).toEqual([0, 7]);
  });
});
