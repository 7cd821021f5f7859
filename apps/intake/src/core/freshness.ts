import { uuidv7 } from '#contracts';
import { isFresh } from '#trust';

/** How far the time inside an id may be from the time of append: it picks the storage partition and nothing else. */
const idToleranceMs = 24 * 3_600_000;

/** The 48 bits of Unix milliseconds of a UUIDv7 (RFC 9562 section 5.7). */
export function timeOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

export const isActionId = (id: string): boolean => uuidv7.safeParse(id).success;

/** `iat` in seconds by the agent's clock; `atMs` the time of append, or the database's now. */
export function isStale(id: string, iat: number, atMs: number): boolean {
  return !isFresh(iat, atMs) || Math.abs(timeOf(id) - atMs) > idToleranceMs;
}
