/** An open transaction, as handlers and stores see it. */
export interface Tx {
  /** Rows of one statement. `bigint` and `numeric` come as text, `timestamptz` as `Date`, `jsonb` parsed; a JSON array must be passed as text, because pg sends arrays as SQL arrays. */
  query<R = Record<string, unknown>>(sql: string, params?: unknown[]): Promise<R[]>;
  /** Runs `fn` once COMMIT has been confirmed, in the order of registration; never when the transaction ends in any other way, or in a way that nobody knows. */
  afterCommit(fn: () => void): void;
}
