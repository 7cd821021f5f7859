import { counting, type CountedVote, type Counting, type PersonKey, type Vote } from '#contracts';
import { digestOfBytes } from './canonical.js';
import { isSignedInTime, readPersonKey, readSignedVote } from './person-key.js';
import type { Trust } from './trust.js';

/** A vote, whose key signed it, and its counting: all three signatures verified. Only `verifyVote` makes them. */
export interface VerifiedVote {
  readonly vote: Vote;
  /** Whose key it is, by identity. That the counting names the person with this identity is for `satisfies`, which has the registry. */
  readonly key: PersonKey;
  readonly counting: Counting;
}

export interface VoteExpectation {
  actionId: string;
  actionDigest: string;
  /** The plan that was voted on. */
  planDigest: string;
}

export type VoteVerified = { ok: true; vote: VerifiedVote } | { ok: false };

/**
 * One counted vote: signed by a person's key that credentials vouches for, while that key lived; for this action and
 * this plan; and the counting, by approvals, is of exactly this vote.
 */
export function verifyVote(trust: Trust, counted: CountedVote, expected: VoteExpectation): VoteVerified {
  const key = counted.person_key === undefined ? undefined : readPersonKey(trust, counted.person_key);
  const cast = key && readSignedVote(counted.vote, key);
  const count = readCounting(trust, counted.counting);
  if (key === undefined || cast === undefined || count === undefined) return { ok: false };
  const isThisVote = isAbout(cast, expected) && count.action_id === expected.actionId;
  if (!isThisVote || count.proof_digest !== digestOfBytes(counted.vote)) return { ok: false };
  return isSignedInTime(cast, key, count.received_at)
    ? { ok: true, vote: { vote: cast, key, counting: count } }
    : { ok: false };
}

function isAbout(cast: Vote, { actionDigest, actionId, planDigest }: VoteExpectation): boolean {
  return cast.action_id === actionId && cast.action_digest === actionDigest && cast.plan_digest === planDigest;
}

function readCounting(trust: Trust, signed: string): Counting | undefined {
  const by = { purpose: 'vote', service: 'approvals', typ: 'sallyport-counting+jws' } as const;
  const read = trust.verify(signed, { ...by, schema: counting });
  return read.ok ? read.payload : undefined;
}
