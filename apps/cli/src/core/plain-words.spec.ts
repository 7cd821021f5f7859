import { describe, expect, it } from '@jest/globals';
import { duration, moment, money, moneyIn, plain, stamp } from './plain-words.js';

describe('plain words', () => {
  it('write minor units as money', () => {
    expect(money(250_000, 'EUR')).toBe('2,500.00 EUR');
    expect(money(2_500, 'XAU')).toBe('2500 minor units of XAU');
  });

  it('see money only where there is an amount with a currency', () => {
    expect(moneyIn({ amount_minor: 100, currency: 'EUR' }, 'amount_minor')).toBe('1.00 EUR');
    for (const members of [{ amount_minor: 1.5, currency: 'EUR' }, { amount_minor: 1 }, { amount_minor: 1, currency: 'euro' }])
      expect(moneyIn(members, 'amount_minor')).toBeUndefined(); // prettier-ignore
  });

  it('write times and durations', () => {
    expect(moment('2026-11-21T22:30:00.000Z')).toBe('2026-11-21 22:30:00 UTC');
    expect(stamp('2026-11-21T22:30:00.123Z')).toBe('2026-11-21T22:30:00Z');
    expect([90, 300, 5_400, 14_400].map(duration)).toEqual(['90 s', '5 min', '90 min', '4 h']);
  });

  it('write a fact so that its members can be told apart', () => {
    expect(plain({ open: false, count: 0, kinds: ['a', 'b'], none: [] })).toBe('open=no count=0 kinds=a,b none=none');
    expect(plain({ fields: [{ name: 'city', secret: true }, { name: 'x' }] })).toBe('fields(name=city secret=yes)\nfields(name=x)'); // prettier-ignore
    expect(plain({ currency: 'EUR', own_minor: 100 })).toBe('own=1.00 EUR');
  });

  it('let no name of an agent pass for another member', () => {
    expect(plain({ tables: ['orders destructive=no'], destructive: true })).toBe(
      'tables="orders destructive=no" destructive=yes',
    );
  });
});
