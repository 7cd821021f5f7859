/** The parameters of `packed`: all bytes behind each other, and for each value where it begins (from 1) and its length. */
export type Packed = [bytes: Buffer, at: (number | null)[], lengths: (number | null)[]];

/**
 * Many byte strings for one set-based statement: `substr($1::bytea, at, length)` over
 * `unnest($2::int[], $3::int[]) AS p(at, length)`. As `bytea[]` they would go as hexadecimal text that PostgreSQL reads
 * character by character, which costs three times what inserting them does (measured with values of 4 KB). An absent
 * value is NULL. All of them together must stay under PostgreSQL's 1 GB.
 */
export function packed(values: readonly (Uint8Array | null)[]): Packed {
  const [at, lengths]: [(number | null)[], (number | null)[]] = [[], []];
  let next = 1;
  for (const value of values) {
    at.push(value === null ? null : next);
    lengths.push(value === null ? null : value.length);
    next += value?.length ?? 0;
  }
  return [Buffer.concat(values.filter((value) => value !== null)), at, lengths];
}
