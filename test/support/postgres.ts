import { readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import { throwAwayPassword } from '../../tools/world/postgres-cluster.js';
import { EmbeddedPostgres } from '../../tools/world/postgres.js';
import { freePorts } from '../../tools/world/ports.js';
import { closeDatabases } from './canaries.js';
import { scratchFolder } from './scratch.js';

/** A real PostgreSQL of one spec file's own. */
export interface TestPostgres {
  /** As the superuser, on the database `postgres`. */
  url: string;
  port: number;
  /** Its data, for specs that look for what must not be there. */
  dir: string;
  /** An empty database with a name of its own; gives its URL as the superuser. */
  freshDatabase(): Promise<string>;
  /** The URL of a database as somebody else. */
  urlAs(user: string, password: string, database?: string): string;
  /** Breaks it without warning; `start` brings it back with the same port and data. */
  kill(): Promise<void>;
  /** What the server has written to its log so far. */
  log(): string;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** For `afterAll`: ends it and removes its folder. */
  remove(): Promise<void>;
}

/**
 * Takes about 0.2 s. Nothing is synced to disk, which a killed process survives and a power cut would not.
 *
 * @param more of the environment of its process, such as a wrong clock
 */
export async function startPostgres(more: Record<string, string> = {}): Promise<TestPostgres> {
  const scratch = scratchFolder('postgres');
  const [port = 0] = await freePorts(1);
  const dir = join(scratch.dir, 'data');
  const logFile = join(scratch.dir, 'postgres.log');
  const env = { ...process.env, ...more };
  const postgres = new EmbeddedPostgres({ dir, port, password: throwAwayPassword, logFile, durable: false, env });
  try {
    await postgres.start();
  } catch (error) {
    await postgres.kill();
    throw error;
  }
  return {
    url: postgres.url(),
    port,
    dir,
    freshDatabase: () => freshDatabase(postgres),
    urlAs: (user, password, database = 'postgres') => postgres.url(database, user, password),
    kill: () => postgres.kill(),
    log: () => readFileSync(logFile, 'utf8'),
    stop: () => postgres.stop(),
    start: () => postgres.start(),
    remove: async () => {
      try {
        await closeDatabases(postgres.url());
      } finally {
        await postgres.kill();
        scratch.remove();
      }
    },
  };
}

async function freshDatabase(postgres: EmbeddedPostgres): Promise<string> {
  const name = `spec_${randomBytes(6).toString('hex')}`;
  const client = new pg.Client({ connectionString: postgres.url() });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${name}`);
  } finally {
    await client.end();
  }
  return postgres.url(name);
}
