import pg from 'pg';

/** A table, and all that its rows say, each value as it is and apart from the next. */
export interface Dumped {
  table: string;
  bytes: Buffer;
}

/** No secret goes over the end of a value. */
const separator = Buffer.from([0]);

/** Every row of every table of a database that is not PostgreSQL's own. */
export async function dumpOf(url: string): Promise<Dumped[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
       WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'`,
    );
    const dumped: Dumped[] = [];
    for (const { name } of tables) {
      // bytea as text is hexadecimal: what is inside must be looked at as it is.
      const { rows } = await client.query<Record<string, unknown>>(`SELECT * FROM ${name}`);
      const values = rows.flatMap((row) => Object.values(row).map(bytesOf));
      dumped.push({ table: name, bytes: Buffer.concat(values.flatMap((value) => [value, separator])) });
    }
    return dumped;
  } finally {
    await client.end();
  }
}

/** The databases of a server that somebody may connect to, as URLs. */
export async function databasesOf(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ datname: string }>('SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate'); // prettier-ignore
    return rows.map(({ datname }) => Object.assign(new URL(url), { pathname: `/${datname}` }).toString());
  } finally {
    await client.end();
  }
}

function bytesOf(value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return value;
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
}
