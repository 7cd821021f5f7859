import { describe, expect, it } from '@jest/globals';
import { cancelledCode, deniedCode, endedCode, expiredCode, offeredCode, refusedCode } from '#contracts';
import { reasonText } from './reasons.js';

const codes = [deniedCode, offeredCode, expiredCode, cancelledCode, refusedCode, endedCode].flatMap(
  (list) => list.options,
);

describe('reasons in words', () => {
  it.each([...new Set(codes)])('%s has a sentence', (code) => {
    expect(reasonText(code)).toMatch(/^[A-Z].+\.$/u);
  });

  it('lets an unknown code speak for itself', () => {
    expect(reasonText('rollback_plan_missing')).toBe('rollback plan missing');
  });

  it('is not fooled by names that every object has', () => {
    expect(reasonText('constructor')).toBe('constructor');
  });
});
