import { describe, expect, it } from '@jest/globals';
import { explanation, type Profile } from '#contracts';
import { aProfile, aWorld, anAction, known } from './evidence.fixture.js';
import { explanationOf, placeOf } from './explanation.js';

const step = (type: string, more: object = {}): object => ({
  'Node Type': type, 'Plan Rows': 3, 'Total Cost': 8.5, Filter: "(card = '4111111111111111')", Output: ['secret'], ...more,
}); // prettier-ignore

describe('what a target answers', () => {
  it('becomes steps without any value or expression of the statement', () => {
    const scan = step('Index Scan', { 'Index Name': 'orders_pkey', Schema: 'public', 'Relation Name': 'orders' });
    const update = { Operation: 'Update', Schema: 'public', 'Relation Name': 'orders', 'Plan Rows': 0, Plans: [scan] };
    const said = explanationOf([{ Plan: step('ModifyTable', update) }]);
    const steps = ['Update on public.orders, 3 rows', '  Index Scan using orders_pkey on public.orders, 3 rows'];
    expect(said).toEqual({ explained: true, rows: 3, cost: 8.5, steps });
  });

  it('is cut visibly where it is long, and stays within the contract', () => {
    const long = step('Seq Scan', { 'Relation Name': 'x'.repeat(500) });
    const wide = explanationOf([{ Plan: step('Append', { Plans: Array.from({ length: 60 }, () => long) }) }]);
    expect(wide).toMatchObject({ steps: expect.arrayContaining(['… 37 more steps']) });
    let deep = long;
    for (let depth = 0; depth < 200; depth += 1) deep = step('Append', { Plans: [deep] });
    for (const said of [wide, explanationOf([{ Plan: deep }])]) expect(explanation.safeParse(said).success).toBe(true);
  });

  it('is a refusal with the code of the target, and nothing where nobody can read it', () => {
    expect(explanationOf({ refused: '42P01' })).toEqual({ explained: false, why: 'refused', sqlstate: '42P01' });
    for (const nonsense of [undefined, null, {}, [], [{ Plan: {} }], { refused: 'DROP TABLE' }])
      expect(explanationOf(nonsense)).toEqual({ explained: false, why: 'unavailable' });
  });
});

describe('a statement is explained where it would be run', () => {
  const asked = anAction(aWorld(), '019abbbb-0000-7000-8000-000000000001').value;
  const address = { host: 'h', port: 5_432, database: 'd' };
  const target = known('targets', 'orders-db', { kind: 'postgres', connection_secret: 's', ...address });
  const run = (over: Partial<Profile> = {}) => aProfile({ issuer: 'postgres-brokered', max_rows: 1, ...over });

  it('as the installed profile', () => {
    expect(placeOf(asked, run(), target)).toEqual({ target: target.spec, targetProfile: 'orders_ddl' });
  });

  it.each([
    ['an agent that would have the role itself', run({ issuer: 'postgres-role' })],
    ['another action', run({ actions: ['db.other'] })],
    ['another resource', run({ resources: ['staging/*'] })],
    ['a profile of another target', run({ target: 'other-db' })],
  ])('and not for %s', (_, profile) => {
    expect(placeOf(asked, profile, target)).toBeUndefined();
  });

  it('and not at what is no database', () => {
    const tool = known('targets', 'orders-db', { kind: 'tool', base_url: 'https://t.example', jwks: { keys: [] } });
    expect(placeOf(asked, run(), tool)).toBeUndefined();
  });
});
