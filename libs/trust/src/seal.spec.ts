import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { sealText, unsealText } from './seal.js';

describe('what is sealed', () => {
  const key = randomBytes(32);
  const sealed = sealText(key, 'a secret', 'about-this');

  it('opens with the same key, about the same', () => {
    expect(unsealText(key, sealed, 'about-this')).toBe('a secret');
    expect(sealed.includes('a secret')).toBe(false);
    expect(sealText(key, 'a secret', 'about-this').equals(sealed)).toBe(false);
  });

  it('does not open with another key, about something else, or changed in any byte', () => {
    expect(unsealText(randomBytes(32), sealed, 'about-this')).toBeUndefined();
    expect(unsealText(key, sealed, 'about-that')).toBeUndefined();
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(unsealText(key, changed, 'about-this')).toBeUndefined();
    }
    expect(unsealText(key, sealed.subarray(0, 20), 'about-this')).toBeUndefined();
  });
});
