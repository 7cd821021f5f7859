import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { proofJtiTable, SqlJtiStore } from '#trust/http';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

let postgres: TestPostgres;
let pool: pg.Pool;
let jtis: SqlJtiStore;

beforeAll(async () => {
  postgres = await startPostgres();
}, 60_000);
afterAll(() => postgres.remove());
beforeEach(async () => {
  pool = new pg.Pool({ connectionString: await postgres.freshDatabase(), max: 8 });
  await pool.query(proofJtiTable);
  jtis = new SqlJtiStore({
    query: async <R>(sql: string, params?: unknown[]) => (await pool.query(sql, params)).rows as R[],
  });
});

afterEach(() => pool.end());

const rows = async () => Number((await pool.query<{ n: string }>('SELECT count(*) AS n FROM proof_jti')).rows[0]?.n);

describe('remembered proofs', () => {
  it('count once per key and jti', async () => {
    expect(await jtis.remember('k', 'a', 60)).toBe(true);
    expect(await jtis.remember('k', 'a', 60)).toBe(false);
    expect(await jtis.remember('k', 'b', 60)).toBe(true);
    expect(await jtis.remember('other', 'a', 60)).toBe(true);
  });

  it('count once when eight connections come with the same one at the same time', async () => {
    for (let round = 0; round < 50; round++) {
      const same = Array.from({ length: 8 }, () => jtis.remember('k', `j-${round}`, 60));
      expect((await Promise.all(same)).filter(Boolean)).toHaveLength(1);
    }
  });

  it('count again when their time is over, by the database clock', async () => {
    await jtis.remember('k', 'a', -1);
    expect(await jtis.remember('k', 'a', 60)).toBe(true);
    expect(await jtis.remember('k', 'a', 60)).toBe(false);
  });

  it('leave when they are long over, and never before', async () => {
    await pool.query(
      `INSERT INTO proof_jti SELECT 'old', n::text, now() - interval '6 minutes' FROM generate_series(1, 8) n`,
    );
    await jtis.remember('live', 'a', 60);
    expect(await rows()).toBe(5);
    await jtis.remember('live', 'b', 60);
    expect(await rows()).toBe(2);
    await jtis.remember('live', 'c', 60);
    expect(await rows()).toBe(3);
  });
});
