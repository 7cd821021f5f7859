import { describe, expect, it } from '@jest/globals';
import { Knocks } from './knocks.js';

describe('a door that is tried in vain', () => {
  it('is shut for that place alone, and for that window of time', () => {
    const knocks = new Knocks({ most: 2, windowMs: 1_000 });
    knocks.count('a', 0);
    expect(knocks.areTooMany('a', 1)).toBe(false);
    knocks.count('a', 2);
    expect(knocks.areTooMany('a', 999)).toBe(true);
    expect(knocks.areTooMany('b', 999)).toBe(false);
    expect(knocks.areTooMany('a', 1_000)).toBe(false);
  });
});
