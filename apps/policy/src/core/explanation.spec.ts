import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Verdict } from '#contracts';
import { digestOf } from '#trust';
import { SqlParser } from '../io/sql-parser.js';
import { aProfile } from '../registry.fixture.js';
import { brokeredAt, explained } from './explanation.js';

const parser = new SqlParser();
beforeAll(() => parser.onModuleInit());

describe('a target is asked for the plan', () => {
  it.each([
    'SELECT count(*) FROM orders',
    'VALUES (1), (2)',
    'WITH old AS (SELECT * FROM orders) SELECT lower(note) FROM old',
    '-- a comment; with DROP TABLE orders\nSELECT 1',
  ])('of %s', (sql) => {
    expect(parser.whyNotAsked(sql)).toBeUndefined();
  });

  it.each([
    ['DROPP TABLE orders', 'unparsed'],
    ['', 'unparsed'],
    ['ANALYZE UPDATE orders SET note = 1', 'unparsed'],
    ['(ANALYZE) UPDATE orders SET note = 1', 'unparsed'],
    ['SELECT 1; DROP TABLE orders', 'several_statements'],
    ['ALTER TABLE orders ADD COLUMN a int', 'no_plan'],
    ['CREATE TABLE copy AS SELECT * FROM orders', 'no_plan'],
    ['SELECT * INTO copy FROM orders', 'no_plan'],
    ['SELECT 1 UNION SELECT * FROM (SELECT 2) x; COMMIT', 'several_statements'],
    ['EXPLAIN ANALYZE DELETE FROM orders', 'no_plan'],
    ['PREPARE p AS DELETE FROM orders', 'no_plan'],
    ['EXECUTE p', 'no_plan'],
    ['DECLARE c CURSOR FOR SELECT 1', 'no_plan'],
    ["DO $$ BEGIN EXECUTE 'DROP TABLE orders'; END $$", 'no_plan'],
    ["COPY orders TO PROGRAM 'sh'", 'no_plan'],
    ['REFRESH MATERIALIZED VIEW sums', 'no_plan'],
    ['INSERT INTO orders (id) SELECT id FROM old_orders', 'changes_rows'],
    ['UPDATE orders SET note = lower($1) WHERE id = $2 RETURNING id', 'changes_rows'],
    ['DELETE FROM orders', 'changes_rows'],
    ['MERGE INTO orders o USING new n ON o.id = n.id WHEN MATCHED THEN DELETE', 'changes_rows'],
    ['WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone', 'changes_rows'],
    ['SELECT * FROM (SELECT * FROM orders FOR UPDATE) o', 'changes_rows'],
    ['SELECT * FROM orders FOR KEY SHARE', 'changes_rows'],
    ['SELECT pg_terminate_backend(1)', 'unknown_function'],
    ['SELECT * FROM orders WHERE id = shop.cheapest()', 'unknown_function'],
  ])('but not of %s', (sql, why) => {
    expect(parser.whyNotAsked(sql)).toBe(why);
  });
});

const verdict = { outcome: 'require_approval', iat: 1_795_000_000, facts_digest: digestOf({}) } as Verdict;

describe('what the target says', () => {
  it('is for people only: asked where people are, and where the gate would run the statement itself', () => {
    const brokered = { issuer: 'postgres-brokered', target: 'orders-db', target_profile: 'run', max_rows: 1 } as const;
    const profile = aProfile('run', ['db.*'], ['prod/*'], brokered);
    expect(brokeredAt({ verdict, facts: {} }, profile)).toBe('orders-db');
    expect(brokeredAt({ verdict, facts: {} }, aProfile('ddl', ['db.*'], ['prod/*']))).toBeUndefined();
    for (const outcome of ['allow', 'deny'] as const)
      expect(brokeredAt({ verdict: { ...verdict, outcome }, facts: {} }, profile)).toBeUndefined();
  });

  it('is a fact under the signature, and changes nothing else of the verdict', () => {
    const fact = { value: 'high', source: 's', at: 'then' };
    const said = { explained: false, why: 'no_plan' } as const;
    const judged = explained({ verdict, facts: { 'context.risk': fact } }, said, 'parser:postgresql');
    const own = { value: said, source: 'parser:postgresql', at: '2026-11-18T11:06:40.000Z' };
    expect(judged.facts).toEqual({ 'context.risk': fact, 'context.explain': own });
    expect(judged.verdict).toEqual({ ...verdict, facts_digest: digestOf(judged.facts) });
  });
});
