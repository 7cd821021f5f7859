import { describe, expect, it } from '@jest/globals';
import { parseFilter } from './filter.js';
import { matches } from './matches.js';

const is = (text: string, element: Record<string, unknown>): boolean | string => {
  const filter = parseFilter(text);
  return filter.ok ? matches(filter.value, element) : (filter.refusal.scimType ?? '');
};
const email = { value: 'Ann@corp.example', type: 'work', primary: true };

describe('a filter', () => {
  it.each([
    ['type eq "work"', true],
    ['TYPE EQ "Work"', true],
    ['type ne "work"', false],
    ['value co "@CORP"', true],
    ['value sw "ann" and value ew ".example"', true],
    ['primary eq true', true],
    ['primary eq "true"', false],
    ['primary eq True', true],
    ['display pr', false],
    ['display eq null', true],
    ['value ge "a" and value lt "b"', true],
    // `and` binds closer than `or`, `not` closer than both.
    ['type eq "work" or type eq "x" and type eq "y"', true],
    ['(type eq "work" or type eq "x") and type eq "y"', false],
    ['not (type eq "x") and primary eq true', true],
    ['type eq "a \\"quoted\\" \\u0041"', false],
  ])('%s', (text, expected) => {
    expect(is(text, email)).toBe(expected);
  });

  it.each(['', 'type', 'type eq', 'type eq work', 'type is "work"', 'type eq "work', '(type pr', 'type pr)', 'not type pr',
    'type eq "a" type eq "b"', 'emails[type eq "work"]', 'type eq 01', 'type eq "\\u0000"', '"type" eq "x"',
    `${'('.repeat(17)}type pr${')'.repeat(17)}`, `type eq "${'x'.repeat(2_048)}"`])('%s is none', (text) => {
    expect(is(text, email)).toBe('invalidFilter');
  }); // prettier-ignore
});
