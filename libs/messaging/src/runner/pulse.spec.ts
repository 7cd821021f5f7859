import { describe, expect, it } from '@jest/globals';
import { Pulse } from './pulse.js';

function setUp() {
  const clock = { at: 0 };
  return { clock, pulse: new Pulse(() => clock.at) };
}

describe('the pulse of a consumer', () => {
  it('is not ready before it has joined and after it has crashed', () => {
    const { pulse } = setUp();
    expect(pulse.report().ok).toBe(false);
    pulse.joined();
    expect(pulse.report().ok).toBe(true);
    pulse.crashed();
    expect(pulse.report().ok).toBe(false);
  });

  it('is not ready when the coordinator has not answered for ten seconds', () => {
    const { clock, pulse } = setUp();
    pulse.joined();
    clock.at = 10_001;
    expect(pulse.report()).toEqual({ ok: false, detail: 'the group coordinator does not answer' });
    pulse.beat();
    expect(pulse.report().ok).toBe(true);
  });

  it('is not ready when nothing was fetched for a minute, heartbeats or not', () => {
    const { clock, pulse } = setUp();
    pulse.joined();
    clock.at = 60_001;
    pulse.beat();
    expect(pulse.report().ok).toBe(false);
    pulse.fetched();
    expect(pulse.report().ok).toBe(true);
  });
});
