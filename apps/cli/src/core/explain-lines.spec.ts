import { describe, expect, it } from '@jest/globals';
import { whyUnexplained, type Explanation } from '#contracts';
import { explainLines } from './explain-lines.js';

const lines = (value: unknown): string =>
  explainLines([{ name: 'context.explain', value, source: 'target:orders-db', at: '2026-11-21T22:30:00.000Z' }]).join(
    '\n',
  );

describe('EXPLAIN on the screen', () => {
  it('says what is touched, by whose word and since when, and that nothing was run', () => {
    const steps = ['Aggregate, 1 rows', '  Index Scan using orders_pkey on public.orders, 1 rows'];
    const shown = lines({ explained: true, rows: 1, cost: 8.17, steps } satisfies Explanation);
    expect(shown).toContain('about 1 rows, cost 8.17; estimated, nothing was run');
    expect(shown).toContain('(target:orders-db,');
    expect(shown).toContain('\n                 Aggregate, 1 rows\n                   Index Scan using');
  });

  it.each(whyUnexplained.options)('says in words and by its code why there is none: %s', (why) => {
    const shown = lines({ explained: false, why, ...(why === 'refused' && { sqlstate: '42P01' }) }).replaceAll(
      /\s+/gu,
      ' ',
    );
    expect(shown).toContain(`(${why}${why === 'refused' ? ', 42P01' : ''})`);
    expect(shown).toMatch(/EXPLAIN none: \w+ \w+/u);
  });

  it('does not say of the statement what holds for the role that explains', () => {
    const shown = lines({ explained: false, why: 'refused', sqlstate: '42501' });
    expect(shown.replaceAll(/\s+/gu, ' ')).toContain(
      'none: the role that explains may not read all that it names (refused, 42501)',
    );
  });

  it('is not left out when nobody knows its form, and is not there without the fact', () => {
    expect(lines({ rows: 1 })).toContain('does not know');
    expect(explainLines([])).toEqual([]);
  });
});
