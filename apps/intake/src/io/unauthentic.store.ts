import type { Tx } from '#database';
import { Injectable } from '@nestjs/common';

export interface Unauthentic {
  /** `sha256:…` of the value bytes. */
  sha256: string;
  code: string;
}

/** Places for hashes; a new one takes the place of an older one that falls on the same. */
const places = 4_096;

/** Records that no agent signed: counted, and kept by hash in a bounded table. Their content is never kept. */
@Injectable()
export class UnauthenticStore {
  async count(records: readonly Unauthentic[], tx: Tx): Promise<void> {
    if (records.length === 0) return;
    const kept = [...byPlace(records).entries()].sort(([a], [b]) => a - b);
    await tx.query(
      `INSERT INTO unauthentic AS u (place, sha256, code, count, last_at)
       SELECT place, sha256, code, count, clock_timestamp()
         FROM unnest($1::int[], $2::bytea[], $3::text[], $4::bigint[]) AS t(place, sha256, code, count)
        ORDER BY place
       ON CONFLICT (place) DO UPDATE
          SET count = excluded.count + CASE WHEN u.sha256 = excluded.sha256 THEN u.count ELSE 0 END,
              sha256 = excluded.sha256, code = excluded.code, last_at = excluded.last_at`,
      [
        kept.map(([place]) => place),
        kept.map(([, { hash }]) => hash),
        kept.map(([, { code }]) => code),
        kept.map(([, { count }]) => count),
      ],
    );
    const totals = [...countBy(records.map(({ code }) => code))].sort(([a], [b]) => (a < b ? -1 : 1));
    await tx.query(
      `INSERT INTO unauthentic_totals AS total (code, count)
       SELECT code, count FROM unnest($1::text[], $2::bigint[]) AS t(code, count) ORDER BY code
       ON CONFLICT (code) DO UPDATE SET count = total.count + excluded.count`,
      [totals.map(([code]) => code), totals.map(([, count]) => count)],
    );
  }
}

interface Kept {
  hash: Buffer;
  code: string;
  count: number;
}

function byPlace(records: readonly Unauthentic[]): Map<number, Kept> {
  const kept = new Map<number, Kept>();
  for (const { sha256, code } of records) {
    const hash = Buffer.from(sha256.slice('sha256:'.length), 'base64url');
    const place = hash.readUInt16BE(0) % places;
    const before = kept.get(place);
    const count = before?.hash.equals(hash) === true ? before.count + 1 : 1;
    kept.set(place, { hash, code, count });
  }
  return kept;
}

function countBy(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
