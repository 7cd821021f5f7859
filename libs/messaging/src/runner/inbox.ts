import type { Tx } from '#database';

/** What tells one saying of a producer from another. */
export interface Seen {
  source: string;
  subject: string;
  sequence: number;
}

/** The part of the inbox that the runner uses. */
export interface Inbox {
  fresh<T extends Seen>(tx: Tx, members: readonly T[]): Promise<T[]>;
}

/** The newest sequence per (source, subject) that this service has heard. */
export class InboxTable implements Inbox {
  /**
   * Keeps those that are above what was heard before, in this slice or ever, and records the newest, in one statement.
   * `old` in RETURNING (PostgreSQL 18) is the row as it was under this statement's lock, so that two readers of one key
   * (a member that was thought dead, say) cannot both take the same event for new.
   */
  async fresh<T extends Seen>(tx: Tx, members: readonly T[]): Promise<T[]> {
    const rising = risingOnly(members);
    if (rising.length === 0) return [];
    const newest = newestPerSubject(rising);
    const rows = await tx.query<{ source: string; subject: string; before: string | null }>(
      `INSERT INTO inbox AS i (source, subject, sequence, seen_at)
       SELECT source, subject, sequence, now() FROM unnest($1::text[], $2::text[], $3::bigint[]) AS s(source, subject, sequence)
       ON CONFLICT (source, subject) DO UPDATE SET sequence = excluded.sequence, seen_at = excluded.seen_at
       WHERE i.sequence < excluded.sequence
       RETURNING new.source, new.subject, old.sequence AS before`,
      [
        newest.map(({ source }) => source),
        newest.map(({ subject }) => subject),
        newest.map(({ sequence }) => sequence),
      ],
    );
    const before = new Map(rows.map((row) => [keyOf(row), row.before === null ? -1 : Number(row.before)]));
    return rising.filter((member) => member.sequence > (before.get(keyOf(member)) ?? Number.POSITIVE_INFINITY));
  }
}

const keyOf = ({ source, subject }: Pick<Seen, 'source' | 'subject'>): string => `${source}\n${subject}`;

/** Drops what is not above an earlier member of the same slice. */
export function risingOnly<T extends Seen>(members: readonly T[]): T[] {
  const highest = new Map<string, number>();
  return members.filter((member) => {
    const key = keyOf(member);
    if (member.sequence <= (highest.get(key) ?? -1)) return false;
    highest.set(key, member.sequence);
    return true;
  });
}

/** In one order everywhere: two slices with the same subjects wait for each other instead of deadlocking. */
function newestPerSubject<T extends Seen>(rising: readonly T[]): Seen[] {
  const newest = new Map<string, Seen>(rising.map((member) => [keyOf(member), member]));
  return [...newest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, member]) => member);
}
