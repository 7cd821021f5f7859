import pg from 'pg';

/** Looks at the target, apart from the gate: what is there is there, whatever anybody said. */
export class Observer {
  readonly #pool: pg.Pool;

  constructor(url: string) {
    this.#pool = new pg.Pool({ connectionString: url, max: 2 });
    this.#pool.on('error', () => undefined);
  }

  async hasColumn(table: string, column: string): Promise<boolean> {
    const sql = `SELECT FROM pg_attribute WHERE attrelid = $1::regclass AND attname = $2 AND NOT attisdropped`;
    return (await this.#rows(sql, [table, column])).length === 1;
  }

  /** Roles of leases that live now. */
  async roles(): Promise<string[]> {
    const sql = `SELECT rolname FROM pg_roles WHERE rolname ~ '^sallyport_[0-9a-f]{32}$' ORDER BY 1`;
    return (await this.#rows<{ rolname: string }>(sql, [])).map(({ rolname }) => rolname);
  }

  /** Exactly what was shared under an action. */
  async shared(actionId: string): Promise<{ customer_id: string; shared: Record<string, unknown>; counterparty: string }[]> {
    return this.#rows('SELECT customer_id, shared, counterparty FROM shared_rows WHERE action_id = $1 ORDER BY 1', [actionId]);
  } // prettier-ignore

  async payment(actionId: string): Promise<{ order_id: string; amount_minor: number; currency: string } | undefined> {
    const [row] = await this.#rows<{ order_id: string; amount_minor: number; currency: string }>(
      'SELECT order_id, amount_minor, currency FROM payments WHERE action_id = $1',
      [actionId],
    );
    return row;
  }

  /** Minor units that an agent has paid. */
  async paidBy(agentId: string): Promise<number> {
    const sql = 'SELECT coalesce(sum(amount_minor), 0)::int AS sum FROM payments WHERE agent_id = $1';
    const [row] = await this.#rows<{ sum: number }>(sql, [agentId]);
    return row?.sum ?? 0;
  }

  /** The action that quarantined this workload. */
  async quarantinedBy(workload: string): Promise<string | undefined> {
    const sql = 'SELECT quarantined_by FROM workloads WHERE id = $1 AND quarantined';
    const [row] = await this.#rows<{ quarantined_by: string }>(sql, [workload]);
    return row?.quarantined_by;
  }

  async stop(): Promise<void> {
    await this.#pool.end();
  }

  async #rows<R extends pg.QueryResultRow>(sql: string, params: unknown[]): Promise<R[]> {
    return (await this.#pool.query<R>(sql, params)).rows;
  }
}
