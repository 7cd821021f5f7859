import pg from 'pg';
import type { Asked, Credential, Lease } from '#sdk';

/** What came of using a credential. */
export interface Used {
  ok: boolean;
  /** The tool's code, or PostgreSQL's SQLSTATE, where it said no. */
  code?: string;
}

/** Does with the credential what was asked for: runs the statement at the database, or calls the tool. */
export async function useLease(lease: Lease, { action }: Asked): Promise<Used> {
  // The gate has run it.
  if (lease.result !== undefined) return { ok: true };
  if (lease.credential.kind === 'token') return callTool(lease);
  const session = await openSession(lease.credential);
  try {
    await session.query(String(action.properties['statement']));
    return { ok: true };
  } catch (error) {
    return { ok: false, code: sqlState(error) };
  } finally {
    await session.end();
  }
}

/** @param expected What the tool is told to run; it runs what the gate froze, or nothing. */
export async function callTool(lease: Lease, expected?: Record<string, unknown>): Promise<Used> {
  if (lease.credential.kind !== 'token') throw new TypeError('this lease is for a database');
  const { tool_url: url } = lease.credential;
  const answer = await fetch(url, {
    method: 'POST',
    headers: { ...lease.authorize('POST', url), 'content-type': 'application/json' },
    body: JSON.stringify(expected === undefined ? {} : { properties: expected }),
    signal: AbortSignal.timeout(15_000),
  });
  const body = (await answer.json()) as { code?: unknown };
  return answer.ok ? { ok: true } : { ok: false, code: String(body.code) };
}

/** Logs in at the database. Throws pg's error when it may not. */
export async function openSession(credential: Credential): Promise<pg.Client> {
  if (credential.kind !== 'postgres') throw new TypeError('this credential is not for a database');
  const { host, port, database, user, password } = credential;
  const client = new pg.Client({ host, port, database, user, password, connectionTimeoutMillis: 15_000 });
  // A session that the gate cuts is what this demo is about, not a crash.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

export function sqlState(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : 'no_answer';
}
