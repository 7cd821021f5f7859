import { beforeAll, describe, expect, it } from '@jest/globals';
import { SqlParser } from '../io/sql-parser.js';

const parser = new SqlParser();
beforeAll(() => parser.onModuleInit());

describe('what a statement does, by PostgreSQL’s own grammar', () => {
  it.each([
    'ALTER TABLE orders ADD COLUMN note text',
    'ALTER TABLE orders ADD COLUMN seen timestamptz DEFAULT now()',
    'CREATE TABLE notes (id int)',
    'CREATE INDEX CONCURRENTLY i ON orders (id)',
    'INSERT INTO orders (id) VALUES (1)',
    'UPDATE orders SET note = lower(note) WHERE id = 7',
    'DELETE FROM orders WHERE id = 7',
    'SELECT count(*) FROM orders',
  ])('harmless: %s', (sql) => {
    expect(parser.facts(sql)).toMatchObject({ parsed: true, destructive: false });
  });

  it.each([
    'DROP TABLE orders',
    'TRUNCATE orders',
    'ALTER TABLE orders DROP COLUMN note',
    'ALTER TABLE orders ADD COLUMN a int, DROP COLUMN b',
    'UPDATE orders SET note = 1',
    'UPDATE orders SET note = 1 WHERE true',
    'DELETE FROM orders',
    'DELETE FROM orders WHERE 1 = 1',
    'SELECT 1; DROP TABLE orders',
    'WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone',
    'INSERT INTO log SELECT * FROM (SELECT drop_everything()) x',
    'SELECT pg_terminate_backend(1)',
    'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
    "DO $$ BEGIN EXECUTE 'DROP TABLE orders'; END $$",
    "COPY orders TO PROGRAM 'sh'",
    'GRANT ALL ON orders TO PUBLIC',
    'EXPLAIN ANALYZE DELETE FROM orders',
    'ALTER TABLE orders RENAME TO old_orders',
    'VACUUM FULL orders',
  ])('destructive: %s', (sql) => {
    expect(parser.facts(sql)).toMatchObject({ parsed: true, destructive: true });
  });

  it.each(['', '   ', '-- nothing', 'DROPP TABLE orders', 'ALTER TABLE', '\u0000', `SELECT '${'x'.repeat(70_000)}'`])(
    'what nobody can read is destructive (%#)',
    (sql) => {
      expect(parser.facts(sql)).toMatchObject({ parsed: false, destructive: true });
    },
  );

  it('names what it does and to which tables', () => {
    expect(parser.facts('ALTER TABLE shop.orders ADD COLUMN a int, DROP COLUMN b; DELETE FROM log')).toStrictEqual({
      parsed: true,
      count: 2,
      kinds: ['alter_table.add_column', 'alter_table.drop_column', 'delete.unbounded'],
      tables: ['log', 'shop.orders'],
      destructive: true,
    });
    expect(parser.facts('DROP TABLE a, shop.b')).toMatchObject({ kinds: ['drop.table'], tables: ['a', 'shop.b'] });
  });
});
