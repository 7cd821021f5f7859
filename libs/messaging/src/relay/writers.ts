import type { Database, Timers, Tx } from '#database';
import type { Log } from '#platform';

const kind = 'outbox.writer';

export interface WriterLimits {
  /** Between two signs of life, and between two looks at the others'. */
  everyMs: number;
  /** Without a sign of life for so long, a writer counts as dead. */
  deadAfterSeconds: number;
}

const usual: WriterLimits = { everyMs: 2_000, deadAfterSeconds: 8 };

/** Of one look; the rest is taken at the next. */
const mostRows = 5_000;

export interface WritersParts {
  database: Database;
  timers: Timers;
  writer: string;
  relay: { readonly isWell: boolean; readonly asideTopics: string[]; reread(): void };
  log: Log;
  limits?: WriterLimits;
}

/**
 * Signs of life between the processes of one service, and the taking over of what dead ones have left unsent. Each process
 * keeps a row in `timers` that falls due when it stops renewing it. To take a living process for dead is harmless (both send,
 * readers drop the second), so the time can be short.
 */
export class Writers {
  readonly #limits: WriterLimits;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(private readonly parts: WritersParts) {
    this.#limits = parts.limits ?? usual;
  }

  start(): void {
    this.#timer ??= setInterval(() => {
      this.#running ??= this.#look();
    }, this.#limits.everyMs).unref();
    this.#running ??= this.#look();
  }

  /** Says that this process is gone, so that another takes over at once what it may have left. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#running;
    const { database, timers, writer } = this.parts;
    await database.transaction((tx) => timers.clear(tx, kind, [writer]));
  }

  async #look(): Promise<void> {
    try {
      if (this.#stopped) return;
      await this.parts.database.transaction((tx) => this.#signOfLife(tx));
      // A process that cannot send itself would only carry rows to and fro.
      if (this.parts.relay.isWell) await this.takeOver();
    } catch (error) {
      this.parts.log.debug('outbox.writers_not_looked_at', { error });
    } finally {
      this.#running = undefined;
    }
  }

  /** Answers how many rows were taken over. */
  async takeOver(): Promise<number> {
    const taken = await this.parts.database.transaction((tx) => this.#takeFromDead(tx));
    if (taken > 0) {
      this.parts.log.info('outbox.rows_taken_over', { rows: taken, writer: this.parts.writer });
      this.parts.relay.reread();
    }
    return taken;
  }

  async #signOfLife(tx: Tx): Promise<void> {
    await tx.query("SELECT set_config('synchronous_commit', 'off', true)");
    const dueAt = { seconds: this.#limits.deadAfterSeconds };
    await this.parts.timers.set(tx, [{ kind, ref: this.parts.writer, dueAt }]);
  }

  /** One process at a time: the advisory lock is of this schema. */
  async #takeFromDead(tx: Tx): Promise<number> {
    const [lock] = await tx.query<{ mine: boolean }>(
      'SELECT pg_try_advisory_xact_lock(hashtext(current_schema()), hashtext($1)) AS mine',
      [kind],
    );
    if (!lock?.mine) return 0;
    const { writer, relay } = this.parts;
    const rows = await tx.query(takeSql, [writer, kind, relay.asideTopics, mostRows]);
    await tx.query("DELETE FROM timers WHERE kind = $1 AND due_at < now() - interval '1 hour'", [kind]);
    return rows.length;
  }
}

/**
 * Every step goes by an index, because at each look nearly all rows are dead ones: the writers are found by leaping from one
 * to the next, and arrays instead of joins keep the planner from reading the table.
 */
const takeSql = `
WITH RECURSIVE writers AS (
  (SELECT writer FROM outbox ORDER BY writer LIMIT 1)
  UNION ALL
  SELECT (SELECT o.writer FROM outbox AS o WHERE o.writer > w.writer ORDER BY o.writer LIMIT 1) FROM writers AS w WHERE w.writer IS NOT NULL
), dead AS MATERIALIZED (
  SELECT writer FROM writers WHERE writer <> $1
  EXCEPT SELECT ref::uuid FROM timers WHERE kind = $2 AND due_at > now()
), theirs AS MATERIALIZED (
  SELECT o.id FROM dead CROSS JOIN LATERAL (
    SELECT id FROM outbox WHERE outbox.writer = dead.writer AND topic <> ALL($3::text[]) ORDER BY id LIMIT $4
  ) AS o ORDER BY o.id LIMIT $4
), oldest AS MATERIALIZED (
  SELECT id FROM outbox WHERE id = ANY(ARRAY(SELECT id FROM theirs)) ORDER BY id FOR UPDATE
)
UPDATE outbox SET writer = $1 WHERE id = ANY(ARRAY(SELECT id FROM oldest)) RETURNING id`;
