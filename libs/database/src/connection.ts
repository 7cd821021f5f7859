import { Fault } from '#platform';
import type { PoolClient } from 'pg';
import { sqlStateOf } from './sql-fault.js';

/** True when the server gave no answer: the statement may still be running on that connection, or the connection is gone. */
export function isUnanswered(error: unknown): boolean {
  return error instanceof Fault && error.code.startsWith('database_') && sqlStateOf(error) === undefined;
}

/** Closes the connection, which rolls back whatever is open on it; the pool replaces it. */
export function discard(client: PoolClient): void {
  void client.end().catch(() => undefined);
}
