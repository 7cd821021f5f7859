import { Fault } from '#platform';
import { sqlStateOf } from './sql-fault.js';

/** The part of a pooled connection of pg that is used here. */
export interface Connection {
  query(sql: string, params?: unknown[]): Promise<{ rows: unknown[]; command: string }>;
  end(): Promise<void>;
}

/** True when the server gave no answer: the statement may still be running on that connection, or the connection is gone. */
export function isUnanswered(error: unknown): boolean {
  return error instanceof Fault && error.code.startsWith('database_') && sqlStateOf(error) === undefined;
}

/** Closes the connection, which rolls back whatever is open on it; the pool replaces it. */
export function discard(client: Connection): void {
  void client.end().catch(() => undefined);
}
