import { isRetryable, type Log } from '#platform';
import type { Database } from '../database.js';
import type { Tx } from '../tx.js';

export interface DueHandler {
  handle(refs: string[], tx: Tx): Promise<void>;
}

export interface Firing {
  database: Database;
  kind: string;
  handler: DueHandler;
  /** Rows that one transaction takes. */
  atMost: number;
  log: Log;
  signal: AbortSignal;
}

/** One row per kind that has a timer: seconds until its first is due, negative when it is late, by the database's clock. */
export async function secondsUntilNext(
  database: Database,
  kinds: string[],
): Promise<{ kind: string; seconds: number }[]> {
  return database.query(
    `SELECT kind, extract(epoch FROM first.due_at - clock_timestamp())::float8 AS seconds
     FROM unnest($1::text[]) AS wanted(kind)
     CROSS JOIN LATERAL (SELECT due_at FROM timers WHERE timers.kind = wanted.kind ORDER BY due_at LIMIT 1) AS first`,
    [kinds],
  );
}

/**
 * Takes due timers of one kind and lets the handler act, in one transaction. When the handler fails for a reason that is not an outage, the
 * batch is halved until the bad refs stand alone; those are put off, the others happen. Gives the number of timers taken; throws what must be waited for.
 */
export async function fireDue(firing: Firing): Promise<number> {
  const batch: string[] = [];
  try {
    await firing.database.transaction(async (tx) => {
      batch.push(...(await claimDue(tx, firing)));
      if (batch.length > 0) await firing.handler.handle(batch, tx);
    });
  } catch (error) {
    if (isRetryable(error) || batch.length === 0) throw error;
    await fireApart(firing, batch, error);
  }
  return batch.length;
}

async function fireApart(firing: Firing, refs: string[], error: unknown): Promise<void> {
  const [only] = refs;
  if (refs.length === 1 && only !== undefined) return putOff(firing, only, error);
  const middle = Math.ceil(refs.length / 2);
  for (const half of [refs.slice(0, middle), refs.slice(middle)]) {
    if (firing.signal.aborted) return;
    await fireHalf(firing, half);
  }
}

/** The first attempt was rolled back and another process may have been quicker meanwhile: only what is still there and still due is taken. */
async function fireHalf(firing: Firing, refs: string[]): Promise<void> {
  const batch: string[] = [];
  try {
    await firing.database.transaction(async (tx) => {
      batch.push(...(await claimThese(tx, firing.kind, refs)));
      if (batch.length > 0) await firing.handler.handle(batch, tx);
    });
  } catch (error) {
    if (isRetryable(error) || batch.length === 0) throw error;
    await fireApart(firing, batch, error);
  }
}

/** Never given up: tried again after 1 s, 2 s, 4 s … up to 5 minutes, visibly each time. */
async function putOff({ database, kind, log }: Firing, ref: string, error: unknown): Promise<void> {
  const [row] = await database.query<{ attempts: number }>(
    `UPDATE timers SET attempts = attempts + 1, due_at = clock_timestamp() + least(interval '5 minutes', interval '1 second' * 2 ^ least(attempts, 10))
     WHERE kind = $1 AND ref = $2 AND due_at <= clock_timestamp() RETURNING attempts`,
    [kind, ref],
  );
  log.error('timers.ref_failed', { kind, ref, attempt: row?.attempts ?? 0, error });
}

/**
 * The claim is the deletion: when the transaction commits, the timer has happened; when it does not, the timer is still there. `now()` and not
 * `clock_timestamp()`: only a stable function can bound an index scan, and millions of later timers may lie behind the due ones. By `ctid`, because
 * statistics of a table that fills and empties all day are never right, and a join planned on wrong ones is slow; the rows are locked, so it holds still.
 */
async function claimDue(tx: Tx, { kind, atMost }: Firing): Promise<string[]> {
  const rows = await tx.query<Claimed>(
    `DELETE FROM timers WHERE ctid = ANY(ARRAY(
       SELECT ctid FROM timers WHERE kind = $1 AND due_at <= now()
       ORDER BY due_at, ref LIMIT $2 FOR UPDATE SKIP LOCKED))
     RETURNING ref, due_at`,
    [kind, atMost],
  );
  return inDueOrder(rows);
}

async function claimThese(tx: Tx, kind: string, refs: string[]): Promise<string[]> {
  const rows = await tx.query<Claimed>(
    `DELETE FROM timers WHERE ctid = ANY(ARRAY(
       SELECT ctid FROM timers WHERE kind = $1 AND ref = ANY($2::text[]) AND due_at <= now()
       FOR UPDATE SKIP LOCKED))
     RETURNING ref, due_at`,
    [kind, refs],
  );
  return inDueOrder(rows);
}

interface Claimed {
  ref: string;
  due_at: Date;
}

/** DELETE returns rows in no order. */
function inDueOrder(rows: Claimed[]): string[] {
  return rows.sort((a, b) => a.due_at.getTime() - b.due_at.getTime() || (a.ref < b.ref ? -1 : 1)).map(({ ref }) => ref);
}
