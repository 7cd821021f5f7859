import { expect, it } from '@jest/globals';
import { requestLimits } from '#contracts';
import { z } from 'zod';
import { readBody } from './read-body.js';

it('reads a body in which the longest request that may be asked stands as one text', () => {
  const value = JSON.stringify({ text: '"'.repeat(requestLimits.stringBytes), rest: 'x'.repeat(30_000) });
  const body = { evidence: { value, acceptance: 'a'.repeat(2_000) } };
  expect(readBody(Buffer.from(JSON.stringify(body)), z.looseObject({}))).toMatchObject(body);
});
