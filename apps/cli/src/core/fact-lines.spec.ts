import { describe, expect, it } from '@jest/globals';
import { factBeside, factsBelow, withFacts, without, type Fact } from './fact-lines.js';

const fact = (name: string, value: unknown, source = 'registry:agents/a@1'): Fact => ({
  name,
  value,
  source,
  at: '2026-11-20T08:00:00.000Z',
});
const origin = '(registry:agents/a@1, 2026-11-20T08:00:00Z)';

describe('facts', () => {
  it('of one origin stand together, with it', () => {
    const facts = [fact('subject.state', 'active'), fact('subject.limits', []), fact('context.risk', 'high', 'x')];
    expect(withFacts('a@1', facts)).toBe(
      `a@1; state=active limits=none ${origin}; risk=high (x, 2026-11-20T08:00:00Z)`,
    );
    expect(factsBelow('known', facts).map((line) => line.slice(0, 20).trim())).toEqual(['known          sta', 'ris']);
  });

  it('that are a list are named beside a point, others name their parts', () => {
    const limits = fact('subject.limits', [{ currency: 'EUR', single_minor: 5_000, daily_minor: 50_000 }]);
    const window = fact('context.window', { open: true, id: 'w' });
    const facts = [limits, window];
    expect(factBeside(limits, facts)).toBe(`limits(single=50.00 EUR daily=500.00 EUR) ${origin}`);
    expect(factBeside(window, facts)).toBe(`open=yes id=w ${origin}`);
  });

  it('that are missing are said to be', () => {
    expect(factBeside(undefined, [])).toBe('NO FACT ABOUT THIS');
  });

  it('leave out what is shown already, and nothing that differs from it', () => {
    expect(without({ id: 'p', version: 1 }, { id: 'p', version: 2, uses: 1 })).toEqual({ version: 2, uses: 1 });
    expect(without({ id: 'p' }, 'text')).toBe('text');
  });
});
