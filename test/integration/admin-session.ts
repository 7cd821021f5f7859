import pg from 'pg';

/** In one transaction of a session of its own, committed when `work` is done. */
export async function inTransaction<T>(url: string, work: (session: pg.Client) => Promise<T>): Promise<T> {
  const session = new pg.Client({ connectionString: url });
  await session.connect();
  try {
    await session.query('BEGIN');
    const result = await work(session);
    await session.query('COMMIT');
    return result;
  } finally {
    await session.end();
  }
}
