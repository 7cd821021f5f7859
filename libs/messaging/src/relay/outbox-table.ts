import { packed, type Database, type Tx } from '#database';
import type { NewRow, OutboxKey, OutboxRow } from './outbox-row.js';

interface Columns {
  id: string;
  topic: string;
  key: string;
  headers: Record<string, string>;
  value: Buffer;
}

/** Rows that are not to be read now: a whole topic, or one key of a topic. */
export interface Except {
  topics: readonly string[];
  lanes: readonly OutboxKey[];
}

/**
 * The SQL of the outbox. One rule keeps the order of each key with any number of processes: who sends a row sends every
 * unsent row of that key before it. So adding a row and reading rows both take over what others have left unsent of its key;
 * what two of them send twice, readers drop.
 */
export class OutboxTable {
  constructor(
    private readonly database: Database,
    readonly writer: string,
  ) {}

  /** Adds rows in the order given; answers them, and what was still unsent of `newKeys`, in the order of ids. */
  async add(tx: Tx, rows: readonly NewRow[], newKeys: readonly OutboxKey[]): Promise<OutboxRow[]> {
    const found = await tx.query<{ id: string; n: string | null } & Partial<Columns>>(addSql, [
      this.writer,
      rows.map(({ topic }) => topic),
      rows.map(({ key }) => key),
      rows.map(({ headers }) => JSON.stringify(headers)),
      ...packed(rows.map(({ value }) => value)),
      newKeys.map(({ topic }) => topic),
      newKeys.map(({ key }) => key),
    ]);
    return found.map(({ id, n, topic = '', key = '', headers = {}, value = Buffer.alloc(0) }) => {
      const added = n === null ? undefined : rows[Number(n) - 1];
      return added ? { id, ...added } : { id, topic, key, headers, value };
    });
  }

  /** The oldest rows of this process, and older ones of the same keys whoever wrote them, in the order of ids. */
  async read(limit: number, except: Except): Promise<OutboxRow[]> {
    return this.database.query<Columns>(readSql, [
      this.writer,
      limit,
      except.topics,
      except.lanes.map(({ topic }) => topic),
      except.lanes.map(({ key }) => key),
    ]);
  }

  /** The oldest row of one topic. */
  async first(topic: string): Promise<OutboxRow | undefined> {
    const [row] = await this.database.query<Columns>(
      'SELECT id, topic, key, headers, value FROM outbox WHERE writer = $1 AND topic = $2 ORDER BY id LIMIT 1',
      [this.writer, topic],
    );
    return row;
  }

  /**
   * Forgets rows that the broker has acknowledged. The commit is not waited for: a crash that loses it causes a resend.
   * Rows that another process is taking over at this moment are left to it, so that nobody waits and nothing deadlocks.
   */
  async remove(ids: readonly string[]): Promise<void> {
    await this.database.query(
      `WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
       mine AS MATERIALIZED (SELECT id FROM outbox WHERE id = ANY($1::bigint[]) FOR UPDATE SKIP LOCKED)
       DELETE FROM outbox USING quick, mine WHERE outbox.id = mine.id`,
      [ids],
    );
  }

  /** True when rows of this process are older than `seconds`: something was committed that memory does not know of. */
  async hasForgotten(seconds: number, except: Except): Promise<boolean> {
    const rows = await this.database.query(
      `SELECT FROM outbox WHERE writer = $1 AND created_at < now() - make_interval(secs => $2)
         AND topic <> ALL($3::text[])
         AND NOT EXISTS (SELECT FROM unnest($4::text[], $5::text[]) AS stuck(topic, key) WHERE stuck.topic = outbox.topic AND stuck.key = outbox.key)
       LIMIT 1`,
      [this.writer, seconds, except.topics, except.lanes.map(({ topic }) => topic), except.lanes.map(({ key }) => key)],
    );
    return rows.length > 0;
  }
}

// OFFSET 0 keeps each lookup a lookup by key: the planner takes a table whose rows live for milliseconds for a full one,
// and would read all that is dead in it, in every transaction.
const addSql = `
WITH said AS MATERIALIZED (
  SELECT topic, key, headers, substr($5::bytea, at, length) AS value, n
  FROM unnest($2::text[], $3::text[], $4::text[], $6::int[], $7::int[]) WITH ORDINALITY AS s(topic, key, headers, at, length, n)
), keys AS MATERIALIZED (
  SELECT * FROM unnest($8::text[], $9::text[]) AS k(topic, key)
), unsent AS (
  SELECT o.* FROM keys CROSS JOIN LATERAL (
    SELECT id, topic, key, headers, value, writer FROM outbox WHERE outbox.key = keys.key AND outbox.topic = keys.topic OFFSET 0
  ) AS o
), taken AS (
  UPDATE outbox AS o SET writer = $1 FROM unsent
  WHERE o.id = unsent.id AND unsent.writer <> $1 AND o.writer <> $1
  RETURNING o.id, o.topic, o.key, o.headers, o.value
), own AS (
  SELECT id, topic, key, headers, value FROM unsent WHERE writer = $1
), added AS (
  INSERT INTO outbox (topic, key, headers, value, writer)
  SELECT topic, key, headers::jsonb, value, $1 FROM said ORDER BY n
  RETURNING id
), numbered AS (
  SELECT id, row_number() OVER (ORDER BY id) AS n FROM added
)
SELECT id, n, NULL AS topic, NULL AS key, NULL::jsonb AS headers, NULL::bytea AS value FROM numbered
UNION ALL SELECT id, NULL, topic, key, headers, value FROM taken
UNION ALL SELECT id, NULL, topic, key, headers, value FROM own
ORDER BY id`;

const readSql = `
WITH mine AS MATERIALIZED (
  SELECT id, topic, key FROM outbox
  WHERE writer = $1 AND topic <> ALL($3::text[])
    AND NOT EXISTS (SELECT FROM unnest($4::text[], $5::text[]) AS stuck(topic, key) WHERE stuck.topic = outbox.topic AND stuck.key = outbox.key)
  ORDER BY id LIMIT $2
), keys AS MATERIALIZED (
  SELECT topic, key, max(id) AS newest FROM mine GROUP BY topic, key
), older AS (
  SELECT o.id FROM keys CROSS JOIN LATERAL (
    SELECT id FROM outbox WHERE outbox.key = keys.key AND outbox.topic = keys.topic AND id < keys.newest AND writer <> $1 OFFSET 0
  ) AS o
), taken AS (
  UPDATE outbox AS o SET writer = $1 FROM older WHERE o.id = older.id AND o.writer <> $1
  RETURNING o.id, o.topic, o.key, o.headers, o.value
)
SELECT id, topic, key, headers, value FROM taken
UNION ALL SELECT o.id, o.topic, o.key, o.headers, o.value FROM outbox AS o JOIN mine USING (id)
ORDER BY id`;
