import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { TargetRefused, Unreachable } from './failures.js';

/** In milliseconds. */
const timeouts = { connect: 15_000, statement: 60_000 } as const;

/** One connection of an administrator to a PostgreSQL target. */
export class TargetSession {
  private constructor(private readonly client: pg.Client) {}

  /** Throws Unreachable, or TargetRefused when the login is not accepted. Neither repeats the URL: it holds a password. */
  static async open(url: string): Promise<TargetSession> {
    const client = clientOf(url);
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch (error) {
      throw failure(error);
    }
    return new TargetSession(client);
  }

  /** Without parameters it may be several statements. */
  async query<R extends pg.QueryResultRow>(sql: string, params?: unknown[]): Promise<R[]> {
    try {
      return (await this.client.query<R>(sql, params)).rows;
    } catch (error) {
      await this.client.query('ROLLBACK').catch(() => undefined);
      throw failure(error);
    }
  }

  async end(): Promise<void> {
    await this.client.end();
  }
}

/** Does something in a session of its own. */
export async function withTarget<T>(url: string, work: (session: TargetSession) => Promise<T>): Promise<T> {
  const session = await TargetSession.open(url);
  try {
    return await work(session);
  } finally {
    await session.end();
  }
}

export const quoted = { name: pg.escapeIdentifier, text: pg.escapeLiteral };

/** A file of `deploy/postgres-target`, wherever this program was compiled to. */
export function targetScript(name: 'install.sql' | 'hardening.sql'): string {
  return readFileSync(join(foundUp(import.meta.dirname), name), 'utf8');
}

/** Stands as a comment on the schema at the target, so that one sees which functions are installed. */
export function installedMark(): string {
  return `sallyport ${createHash('sha256').update(targetScript('install.sql')).digest('base64url')}`;
}

function foundUp(folder: string): string {
  const path = join(folder, 'deploy', 'postgres-target');
  if (existsSync(path)) return path;
  if (dirname(folder) === folder) throw new Error('deploy/postgres-target is not part of this installation');
  return foundUp(dirname(folder));
}

function clientOf(connectionString: string): pg.Client {
  const { connect: connectionTimeoutMillis, statement: statement_timeout } = timeouts;
  try {
    return new pg.Client({
      connectionString,
      connectionTimeoutMillis,
      statement_timeout,
      application_name: 'sallyport',
    });
  } catch {
    throw new TargetRefused('the connection of the target is not a postgres:// URL');
  }
}

/** SQLSTATE (five letters or digits): the server's own answer. Its words name objects and never a statement. */
function failure(error: unknown): Error {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const isAnswer = typeof code === 'string' && /^[0-9A-Z]{5}$/u.test(code);
  if (isAnswer) return new TargetRefused(`the target refuses (${code}): ${String(message)}`);
  return new Unreachable(`the target does not answer (${typeof code === 'string' ? code : 'no connection'})`);
}
