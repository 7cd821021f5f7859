import { describe, expect, it } from '@jest/globals';
import { hasCast } from './decider.js';
import { decider, idp } from './plan.fixture.js';

const other = { iss: 'https://other.example', sub: 'a-1' };
const anna = decider('anna', { identities: [{ iss: idp, sub: 'anna' }, other] });

describe('a vote of before', () => {
  it.each<[string, string, { iss: string; sub: string } | undefined, boolean]>([
    ['theirs, with the same account', 'anna', { iss: idp, sub: 'anna' }, true],
    ['theirs, with another account of theirs', 'anna', other, true],
    ['theirs, whatever the key says', 'anna', undefined, true],
    ['of somebody who had this account then', 'ben', other, true],
    ['of somebody with the same name at another provider', 'ben', { iss: 'https://third.example', sub: 'a-1' }, false],
    ['of somebody else', 'ben', { iss: idp, sub: 'ben' }, false],
  ])('is %s', (_, person, by, isTheirs) => {
    expect(hasCast(anna, { person, by })).toBe(isTheirs);
  });
});
