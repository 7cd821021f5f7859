import { describe, expect, it } from '@jest/globals';
import { fitsPattern } from './pattern.js';

describe('a resource pattern', () => {
  it.each([
    ['prod/orders', 'prod/orders', true],
    ['prod/orders', 'prod/orders-2', false],
    ['prod/*', 'prod/orders', true],
    ['prod/*', 'prod', false],
    ['prod/*', 'prod/orders/eu', false],
    ['*/orders', 'prod/orders', true],
    ['prod/**', 'prod/orders/eu', true],
    ['prod/**', 'prod/orders', true],
    ['prod/**', 'prod', false],
    ['prod/**', 'production/orders', false],
    ['**', 'anything/at/all', true],
    ['prod/or*', 'prod/orders', false],
    ['**/orders', 'prod/orders', false],
    ['prod/orders', 'PROD/orders', false],
  ])('%s fits %s: %s', (pattern, id, fits) => {
    expect(fitsPattern(pattern, id)).toBe(fits);
  });
});
