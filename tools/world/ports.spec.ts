import { expect, it } from '@jest/globals';
import { freePorts } from './ports.js';

it('gives no port twice, also where nobody listens on it yet', async () => {
  const given = await Promise.all(Array.from({ length: 60 }, () => freePorts(5)));
  expect(new Set(given.flat()).size).toBe(300);
});
