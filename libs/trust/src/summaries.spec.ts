import { describe, expect, it } from '@jest/globals';
import { shownSummary } from '#contracts';
import { canonical, digestOf } from './canonical.js';
import { longestShown, mostShown, shownProperties, tooLongToShow } from './summaries.js';

/** A list that is exactly so long in canonical form. */
const listOf = (bytes: number): string[] => {
  const full = Array.from({ length: 100 }, () => 'x'.repeat(100));
  const rest = bytes - canonical([...full, '']).length;
  return [...full, 'x'.repeat(rest)];
};
const payouts = Array.from({ length: 600 }, (_, at) => ({
  payee: `supplier-${String(at)}`,
  amount_minor: at,
  currency: at % 3 === 0 ? 'USD' : 'EUR',
}));
const how = { payouts: { first: 2, sums: [{ field: 'amount_minor', by: 'currency' }, { field: 'amount_minor' }] } };
const tooLong = (action: object, summaries?: Parameters<typeof tooLongToShow>[1], resource: object = {}) =>
  tooLongToShow({ action, resource } as Parameters<typeof tooLongToShow>[0], summaries);

describe('a value that is too long to show', () => {
  it('is one byte longer than what is shown in full', () => {
    expect(canonical(listOf(longestShown))).toHaveLength(longestShown);
    expect(tooLong({ list: listOf(longestShown) })).toBeUndefined();
    expect(tooLong({ list: listOf(longestShown + 1) })).toBe('action.properties.list');
    expect(tooLong({}, undefined, { list: listOf(longestShown + 1) })).toBe('resource.properties.list');
    expect(tooLong({ text: 'é'.repeat(longestShown / 2) })).toBeUndefined();
    expect(tooLong({ text: `${'é'.repeat(longestShown / 2)}x` })).toBe('action.properties.text');
  });

  it('is also many that are each short enough', () => {
    const half = (mostShown - canonical({ a: '', b: '' }).length - canonical({}).length - canonical([]).length) / 2;
    expect(tooLong({ a: 'x'.repeat(Math.floor(half)), b: 'x'.repeat(Math.ceil(half)) })).toBeUndefined();
    expect(tooLong({ a: 'x'.repeat(Math.floor(half)), b: 'x'.repeat(Math.ceil(half) + 1) })).toBe('action.properties');
    // In two objects they take a byte less.
    const beside = (more: number) => tooLong({ a: 'x'.repeat(Math.floor(half)) }, undefined, { b: 'x'.repeat(Math.ceil(half) + 1 + more) });
    expect([beside(0), beside(1)]).toEqual([undefined, 'action.properties']);
  }); // prettier-ignore

  it('may be summed up where its action type says how: how many, of what, how it begins, and the digest of all', () => {
    expect(tooLong({ payouts })).toBe('action.properties.payouts');
    expect(tooLong({ payouts }, how)).toBeUndefined();
    const { properties, summaries } = shownProperties({ payouts, note: 'n' }, how);
    expect(properties).toEqual({ note: 'n' });
    const sum = (rows: typeof payouts): string => String(rows.reduce((all, { amount_minor }) => all + amount_minor, 0));
    const of = (currency: string) => payouts.filter((one) => one.currency === currency);
    expect(summaries).toEqual([
      {
        property: 'payouts',
        rows: 600,
        digest: digestOf(payouts),
        first: payouts.slice(0, 2),
        sums: [
          { field: 'amount_minor', of: 'EUR', rows: 400, sum: sum(of('EUR')) },
          { field: 'amount_minor', of: 'USD', rows: 200, sum: sum(of('USD')) },
          { field: 'amount_minor', rows: 600, sum: sum(payouts) },
        ],
      },
    ]);
    expect(shownSummary.safeParse(summaries[0]).error).toBeUndefined();
  });

  it('is shown in full where it is short, whatever its action type says', () => {
    const few = payouts.slice(0, 3);
    expect(shownProperties({ payouts: few }, how)).toEqual({ properties: { payouts: few }, summaries: [] });
  });

  it('is added up exactly, and says of how many rows', () => {
    const rows = [
      ...Array.from({ length: 300 }, () => ({ n: Number.MAX_SAFE_INTEGER, c: 'x'.repeat(60) })),
      { n: 0.5, c: 'x' },
      { n: '9', c: 'x' },
      { c: 'x' },
      7,
      { n: 1, c: null },
    ];
    const [one] = shownProperties({ rows }, { rows: { first: 0, sums: [{ field: 'n' }, { field: 'n', by: 'c' }] } }).summaries;
    expect(one?.rows).toBe(305);
    expect(one?.sums[0]).toEqual({ field: 'n', rows: 301, sum: String(300n * BigInt(Number.MAX_SAFE_INTEGER) + 1n) });
    expect(one?.sums.slice(1).map(({ of, rows: some }) => [of, some])).toEqual([['(null)', 1], ['x'.repeat(60), 300]]);
  }); // prettier-ignore

  it('stays too long where the summary would be, and where it is no list', () => {
    const rows = Array.from({ length: 300 }, (_, at) => ({ n: 1, c: `${String(at)}${'x'.repeat(80)}` }));
    const wordy = { rows: { first: 20, sums: [{ field: 'n', by: 'c' }] } };
    expect(tooLong({ rows }, wordy)).toBe('action.properties.rows');
    expect(shownProperties({ rows }, wordy)).toEqual({ properties: { rows }, summaries: [] });
    const text = 'x'.repeat(longestShown + 1);
    expect(tooLong({ text }, { text: { first: 1, sums: [] } })).toBe('action.properties.text');
  });
});
