import { Fault } from '#platform';
import { describe, expect, it } from '@jest/globals';
import { isInfrastructure } from './infrastructure.js';

const withCode = (code: string) => Object.assign(new Error('x'), { code });

describe('what is infrastructure', () => {
  it.each<[string, unknown]>([
    ['a retryable fault', new Fault('database_unavailable', { retryable: true })],
    [
      'one that something else wraps',
      new Error('outer', { cause: new Fault('registry_unavailable', { retryable: true }) }),
    ],
    ['a refused connection', withCode('ECONNREFUSED')],
    ['a fetch that failed', new TypeError('fetch failed', { cause: withCode('UND_ERR_SOCKET') })],
    ['a call that took too long', new DOMException('too long', 'TimeoutError')],
  ])('%s', (_, error) => {
    expect(isInfrastructure(error)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['a bug', new TypeError('undefined is not a function')],
    ['a fault that repeating cannot cure', new Fault('statement_failed', { retryable: false })],
    ['a thrown text', 'ECONNREFUSED'],
    ['a file that is not there', withCode('ENOENT')],
  ])('not %s', (_, error) => {
    expect(isInfrastructure(error)).toBe(false);
  });

  it('ends for an error that is its own cause', () => {
    const error = new Error('round');
    error.cause = error;
    expect(isInfrastructure(error)).toBe(false);
  });
});
