import { describe, expect, it } from '@jest/globals';
import { summedUp, wholeProperty } from './show-summary.js';

const digest = `sha256:${'A'.repeat(43)}`;
const sums = [
  { field: 'amount_minor', of: 'EUR', rows: 990, sum: '250000' },
  { field: 'amount_minor', of: 'EUR\n', rows: 1, sum: '7' },
  { field: 'amount_minor', of: 'USD', rows: 4, sum: '90071992547409910' },
  { field: 'parts', rows: 1_000, sum: '3000' },
];

describe('a list that is summed up', () => {
  it('says how many there are, what they add up to, how they begin, and where all of it is', () => {
    const lines = summedUp('ID', { property: 'payouts', rows: 1_000, digest, first: [{ n: 1 }, 'x'], sums });
    expect(lines.map((line) => line.trim())).toEqual([
      'payouts      1000 rows, too many to show here',
      digest,
      'sum of amount_minor of EUR: 2,500.00 EUR in 990 rows',
      'sum of amount_minor of "EUR\\n": 7 in 1 rows',
      'sum of amount_minor of USD: 90071992547409910 in 4 rows',
      'sum of parts: 3000 in 1000 rows',
      'row 1: {"n":1}',
      'row 2: "x"',
      'all of it: sallyport approvals show ID --value payouts',
    ]);
  });

  it('is there in full in what the view was made from', () => {
    const value = {
      subject: { type: 'agent', id: 'a' },
      action: { name: 'pay', properties: { payouts: [{ n: 1 }, { n: 2 }], note: 'x' } },
      resource: { type: 't', id: 'r' },
      context: { justification: 'j' },
      requested_access: { profile: 'p', ttl_seconds: 1 },
    };
    const whole = (name: string) => wholeProperty(JSON.stringify(value), name);
    expect(whole('payouts')).toEqual({ value: [{ n: 1 }, { n: 2 }], text: 'row 1: {"n":1}\nrow 2: {"n":2}' });
    expect(whole('note')?.text).toBe('"x"');
    expect(whole('constructor')).toBeUndefined();
  });
});
