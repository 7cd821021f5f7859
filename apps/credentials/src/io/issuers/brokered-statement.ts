import { Query, type Client, type QueryArrayConfig, type QueryArrayResult } from 'pg';
import { z } from 'zod';
import type { BrokeredResult } from '#contracts';
import { digestOf } from '#trust';

/** The properties of an action that the gate can run by itself. Other properties are for people and rules. */
const runnable = z.object({
  statement: z.string().min(1),
  /** For `$1`, `$2`, … in this order. Scalars only: what PostgreSQL makes of them is what people saw. */
  parameters: z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])).default([]),
});
export type Runnable = z.infer<typeof runnable>;

/** It was not run, or what it did was rolled back. Trying again does not help. */
export class StatementRefused extends Error {
  override readonly name = 'StatementRefused';
}

/** What a statement may cost. */
export interface Limits {
  seconds: number;
  rows: number;
}

/** Most text of all values together, in UTF-16 units: a result goes to the agent in one answer. */
const mostText = 1_000_000;

/** Undefined when the action is not a statement. */
export function readRunnable(properties: Record<string, unknown>): Runnable | undefined {
  return runnable.safeParse(properties).data;
}

/**
 * Runs one statement in one transaction of its own, as whoever the session is, and says so in `sallyport.executions` inside it.
 * Answers only when it is committed. Throws when it is not, and when nobody knows (the connection broke at the commit): then the
 * target's record is asked when the lease is over.
 */
export async function runStatement(session: Client, { statement, parameters }: Runnable, limits: Limits): Promise<BrokeredResult> {
  // READ WRITE, because the record is written too; what the role may change is what its group may.
  await session.query(`BEGIN READ WRITE; SET LOCAL statement_timeout = '${String(limits.seconds)}s'; SET LOCAL lock_timeout = '${String(limits.seconds)}s'`);
  const before = await transactionOf(session);
  const result = await run(session, { statement, parameters }, limits);
  // COMMIT, ROLLBACK and their like are statements too. Then what follows would stand in another transaction, or in none.
  if ((await transactionOf(session)) !== before) throw new StatementRefused('the statement has ended its transaction');
  await session.query('SELECT sallyport.executed($1, $2)', [result.digest, result.row_count]);
  const { command } = await session.query('COMMIT');
  if (command !== 'COMMIT') throw new StatementRefused('the transaction was rolled back');
  return result;
} // prettier-ignore

async function transactionOf(session: Client): Promise<string> {
  const { rows } = await session.query<{ id: string }>('SELECT pg_catalog.pg_current_xact_id()::pg_catalog.text AS id');
  return rows[0]?.id ?? '';
}

/** Named, so that pg uses the extended protocol, which takes exactly one statement. A row too many breaks the connection, so that nothing is committed. */
function run(session: Client, { statement, parameters }: Runnable, limits: Limits): Promise<BrokeredResult> {
  const types = { getTypeParser: () => (text: string) => text };
  const config: QueryArrayConfig = { text: statement, values: parameters, name: 'frozen', rowMode: 'array', types };
  const query = new Query(config);
  return new Promise((resolve, reject) => {
    const rows: Row[] = [];
    let text = 0;
    const tooMuch = (): void => {
      reject(new StatementRefused('the statement gives more than its profile allows'));
      void session.end().catch(() => undefined);
    };
    query.on('row', (row: Row) => {
      rows.push(row);
      text += row.reduce((sum, value) => sum + (value?.length ?? 0), 0);
      if (rows.length > limits.rows || text > mostText) tooMuch();
    });
    query.on('error', reject);
    query.on('end', (result: QueryArrayResult<Row>) => {
      const count = result.rowCount ?? 0;
      if (count > limits.rows) tooMuch();
      else resolve(resultOf(result, rows, count));
    });
    session.query(query);
  });
}

type Row = (string | null)[];

function resultOf({ fields }: QueryArrayResult<Row>, rows: Row[], row_count: number): BrokeredResult {
  const columns = fields.map(({ name, dataTypeID: type }) => ({ name, type }));
  return { kind: 'result', columns, rows, row_count, digest: digestOf({ columns, rows, row_count }) };
}
