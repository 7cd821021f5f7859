import { describe, expect, it } from '@jest/globals';
import { outcomesOfServices } from '#trust';
import { settlementOf } from './settlement.js';

describe('reserved money', () => {
  it.each([
    ['approvals', 'denied'],
    ['approvals', 'expired'],
    ['approvals', 'cancelled'],
    ['credentials', 'refused'],
    ['credentials', 'expired'],
    ['credentials', 'cancelled'],
  ] as const)('is free when %s says %s', (service, outcome) => {
    expect(settlementOf(service, outcome)).toBe('free');
  });

  it.each(['released', 'ended'] as const)('is spent when credentials says %s', (outcome) => {
    expect(settlementOf('credentials', outcome)).toBe('spent');
  });

  it('stays in flight while an action only waits, and whatever those say who do not hold it', () => {
    expect(settlementOf('approvals', 'pending')).toBeUndefined();
    expect(settlementOf('credentials', 'offered')).toBeUndefined();
    for (const service of ['intake', 'policy']) {
      for (const outcome of outcomesOfServices[service] ?? []) expect(settlementOf(service, outcome)).toBeUndefined();
    }
  });
});
