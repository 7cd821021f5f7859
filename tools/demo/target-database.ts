import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { ProfileWish } from '../../apps/cli/src/core/target-wish.js';
import { installTarget } from '../../apps/cli/src/handlers/install-target.js';
import { withTarget } from '../../apps/cli/src/io/target-session.js';
import type { GateFiles } from '../world/gate-files.js';
import { root } from '../world/place.js';
import type { EmbeddedPostgres } from '../world/postgres.js';

const database = 'shop';
/** Everything starts at once, on few cores. */
const connectWithinMs = 30_000;
/** Logins at the target, and what each may do there. */
const logins = {
  tools:
    'GRANT SELECT ON customers TO tools; GRANT SELECT, INSERT, UPDATE ON payments, shared_rows, workloads TO tools',
  /** Looks at what the demo did. */
  observer: 'GRANT SELECT ON customers, orders, payments, shared_rows, workloads TO observer',
} as const;
/** Credentials mints and ends leases with `gate`. */
type Login = keyof typeof logins | 'gate';

const profile = (name: string): ProfileWish => ({
  name,
  group: name,
  maxTtlSeconds: 600,
  connections: 2,
  tables: undefined,
});

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
    const profiles = [profile('shop_schema'), profile('shop_reader')];
    const wish = { login: 'gate', password: this.#password('gate'), profiles, harden: true };
    await withTarget(this.server.url(database), (target) => installTarget(target, wish));
    this.files.folder('targets');
    this.files.write(join('targets', minterSecret), this.url('gate'));
  }

  async #make(client: pg.Client): Promise<void> {
    const accounts = Object.entries(logins).map(
      ([login, rights]) =>
        `CREATE ROLE ${login} LOGIN PASSWORD ${pg.escapeLiteral(this.#password(login as Login))}; ${rights};`,
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
