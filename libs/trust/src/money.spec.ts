import { describe, expect, it } from '@jest/globals';
import { moneyText } from './money.js';

describe('moneyText', () => {
  it.each([
    [250_000, 'EUR', '2,500.00 EUR'],
    [5, 'EUR', '0.05 EUR'],
    [0, 'EUR', '0.00 EUR'],
    [99, 'USD', '0.99 USD'],
    [-123_456, 'EUR', '-1,234.56 EUR'],
    [2_500, 'JPY', '2,500 JPY'],
    [0, 'JPY', '0 JPY'],
    [1_234_567, 'KWD', '1,234.567 KWD'],
    [1, 'BHD', '0.001 BHD'],
    [12_345, 'CLF', '1.2345 CLF'],
  ])('writes %d of %s as %s', (minor, currency, text) => {
    expect(moneyText(minor, currency)).toBe(text);
  });

  it('goes by ISO 4217, not by what people use day by day', () => {
    expect(moneyText(250_000, 'HUF')).toBe('2,500.00 HUF');
    expect(moneyText(250_000, 'IQD')).toBe('250.000 IQD');
  });

  it('loses not one unit of the largest amount', () => {
    expect(moneyText(Number.MAX_SAFE_INTEGER, 'EUR')).toBe('90,071,992,547,409.91 EUR');
    expect(moneyText(Number.MAX_SAFE_INTEGER - 1, 'EUR')).toBe('90,071,992,547,409.90 EUR');
  });

  it.each<[unknown, unknown]>([
    [100, 'XAU'], [100, 'ZZZ'], [100, 'euro'], [100, 'eur'], [100, undefined], [100, ['EUR']],
    [1.5, 'EUR'], ['100', 'EUR'], [2 ** 53, 'EUR'], [Number.NaN, 'EUR'], [undefined, 'EUR'],
  ])('does not make money of %p %p', (minor, currency) => {
    expect(moneyText(minor, currency)).toBeUndefined();
  }); // prettier-ignore
});
