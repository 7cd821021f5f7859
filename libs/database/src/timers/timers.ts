import type { Tx } from '../tx.js';

/** A row of the timers table. */
export interface Timer {
  kind: string;
  ref: string;
  due_at: Date;
}

export interface TimerToSet {
  kind: string;
  /** What it is about, usually the id of an action or a lease; one timer per kind and ref. */
  ref: string;
  /** A time that came from the database, or seconds from the database's now. Never a time made from the process's clock. */
  dueAt: Date | { seconds: number };
}

/** Sets and clears timers in the transaction that makes the transition: either both happen or neither. */
export class Timers {
  /** Sets each, moving one that is already there. Of two for the same kind and ref the last counts. */
  async set(tx: Tx, timers: TimerToSet[]): Promise<void> {
    if (timers.length === 0) return;
    const wanted = ordered(timers);
    await tx.query(
      `INSERT INTO timers (kind, ref, due_at, attempts)
       SELECT kind, ref, coalesce(at, now() + make_interval(secs => seconds)), 0
       FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::float8[]) AS wanted(kind, ref, at, seconds)
       ON CONFLICT (kind, ref) DO UPDATE SET due_at = excluded.due_at, attempts = 0`,
      [
        wanted.map(({ kind }) => kind),
        wanted.map(({ ref }) => ref),
        wanted.map(({ dueAt }) => (dueAt instanceof Date ? dueAt : null)),
        wanted.map(({ dueAt }) => (dueAt instanceof Date ? null : dueAt.seconds)),
      ],
    );
  }

  /** Clears those that are set; it is no error that one is not. */
  async clear(tx: Tx, kind: string, refs: string[]): Promise<void> {
    if (refs.length === 0) return;
    await tx.query('DELETE FROM timers WHERE kind = $1 AND ref = ANY($2::text[])', [kind, refs]);
  }
}

/** One per kind and ref, in one order everywhere: two transactions that set the same timers wait for each other instead of deadlocking. */
function ordered(timers: TimerToSet[]): TimerToSet[] {
  const last = new Map(timers.map((timer) => [JSON.stringify([timer.kind, timer.ref]), timer]));
  return [...last.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, timer]) => timer);
}
