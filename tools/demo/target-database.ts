import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { GateFiles } from '../world/gate-files.js';
import { root } from '../world/place.js';
import type { EmbeddedPostgres } from '../world/postgres.js';

const database = 'shop';
/** Everything starts at once, on few cores. */
const connectWithinMs = 30_000;
/** Logins at the target, and what each may do there. */
const logins = {
  /** Credentials mints and ends leases with it. */
  gate: 'GRANT sallyport_minter TO gate',
  tools:
    'GRANT SELECT ON customers TO tools; GRANT SELECT, INSERT, UPDATE ON payments, shared_rows, workloads TO tools',
  /** Looks at what the demo did. */
  observer: 'GRANT SELECT ON customers, orders, payments, shared_rows, workloads TO observer',
} as const;
type Login = keyof typeof logins;

/** The name of the secret that the registered target refers to. */
export const minterSecret = 'shop-minter';

/** The demo's second PostgreSQL, with the shop in it and Sallyport installed. */
export class TargetDatabase {
  constructor(
    private readonly server: EmbeddedPostgres,
    private readonly files: GateFiles,
  ) {}

  url(login: Login): string {
    return this.server.url(database, login, this.#password(login));
  }

  /** Makes the shop where there is none, all or nothing: a half-made one could never be completed. */
  async ensure(): Promise<void> {
    await asSuperuser(this.server.url(), async (client) => {
      const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
      if (rowCount === 0) await client.query(`CREATE DATABASE ${database}`);
    });
    await asSuperuser(this.server.url(database), async (client) => {
      const { rows } = await client.query<{ made: boolean }>(`SELECT to_regclass('workloads') IS NOT NULL AS made`);
      if (rows[0]?.made !== true) await this.#make(client);
    });
    this.files.folder('targets');
    this.files.write(join('targets', minterSecret), this.url('gate'));
  }

  async #make(client: pg.Client): Promise<void> {
    for (const name of ['install.sql', 'hardening.sql'])
      await client.query(readFileSync(join(root, 'deploy', 'postgres-target', name), 'utf8'));
    const accounts = (Object.keys(logins) as Login[]).map(
      (login) => `CREATE ROLE ${login} LOGIN PASSWORD ${pg.escapeLiteral(this.#password(login))}; ${logins[login]};`,
    );
    const shop = readFileSync(join(root, 'demo', 'target', 'shop.sql'), 'utf8');
    await client.query(['BEGIN;', shop, ...accounts, 'COMMIT;'].join('\n'));
  }

  #password(login: Login): string {
    return this.files.password(`target-${login}`);
  }
}

async function asSuperuser(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: connectWithinMs });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
