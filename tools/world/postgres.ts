import pg from 'pg';
import { startLeashed, type Exit, type Leashed, type Words } from './leash.js';
import { ensureCluster, superuser } from './postgres-cluster.js';
import { postgresBinaries } from './postgres-binaries.js';
import { unprivileged } from './unprivileged.js';
import { until } from './until.js';

export interface PostgresPlace {
  dir: string;
  port: number;
  password: string;
  logFile: string;
  /** False only where the data is thrown away afterwards: nothing is then synced to disk. */
  durable: boolean;
  /** Of its process; ours where it is left out. */
  env?: Record<string, string | undefined>;
}

const startWithinMs = 90_000;

/** One real PostgreSQL on this machine. Stopping and starting again keeps port and data. */
export class EmbeddedPostgres {
  private process: Leashed | undefined;

  constructor(readonly place: PostgresPlace) {}

  get exited(): Promise<Exit> | undefined {
    return this.process?.exited;
  }

  url(database = 'postgres', user = superuser, password = this.place.password): string {
    return `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${String(this.place.port)}/${database}`;
  }

  /** Makes the cluster when the folder is empty. Ready when a query is answered. */
  async start(): Promise<void> {
    const { initdb, postgres } = postgresBinaries();
    const runAs = await unprivileged(this.place.dir, [initdb]);
    await ensureCluster(this.place, runAs);
    this.process = startLeashed({
      name: 'postgres',
      command: [...runAs.prefix, postgres, '-D', this.place.dir, ...serverSettings(this.place)] as Words,
      logFile: this.place.logFile,
      // SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for every client to leave.
      stopSignal: 'SIGINT',
      ...(this.place.env && { env: this.place.env }),
      ...(runAs.user === undefined ? {} : { user: runAs.user }),
    });
    await this.answers(this.process);
  }

  async stop(): Promise<void> {
    await this.process?.stop();
  }

  async kill(): Promise<void> {
    await this.process?.kill();
  }

  private async answers(process: Leashed): Promise<void> {
    await until(() => answersQueries(this.url()), {
      what: `PostgreSQL on port ${String(this.place.port)} (log: ${this.place.logFile})`,
      withinMs: startWithinMs,
      hopeless: () => (process.running() ? undefined : 'the process has ended'),
    });
  }
}

async function answersQueries(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  // A server that ends while we ask is an answer, not a crash of ours.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function serverSettings(place: PostgresPlace): string[] {
  const always = { listen_addresses: '127.0.0.1', port: String(place.port), unix_socket_directories: '' };
  const sized = { max_connections: '200', shared_buffers: '128MB', wal_compression: 'on' };
  const careless = place.durable ? {} : { fsync: 'off', full_page_writes: 'off' };
  return Object.entries({ ...always, ...sized, ...careless }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
