import { closing, type Closing } from '#contracts';
import { canonical } from './canonical.js';
import type { Trust } from './trust.js';

/** What an event says about the closing of a review: every member but the statement itself. */
export type SaidClosing = Omit<Closing, 'gate' | 'iat'>;

/**
 * True when approvals has signed exactly what was said, member by member: a genuine closing proves nothing about another
 * review, action, agent or rule.
 */
export function isClosingOf(trust: Trust, signed: string, said: SaidClosing): boolean {
  const by = { purpose: 'vote', service: 'approvals', typ: 'sallyport-closing+jws' } as const;
  const read = trust.verify(signed, { ...by, schema: closing });
  if (!read.ok) return false;
  const { gate, iat } = read.payload;
  return canonical({ ...said, gate, iat }) === canonical(read.payload);
}
