import { counting, vote, type CountedVote, type Counting, type Vote } from '#contracts';
import { digestOfBytes } from './canonical.js';
import type { Trust } from './trust.js';

/** A vote and its counting, both of whose signatures verified. Only `verifyVote` makes them. */
export interface VerifiedVote {
  readonly vote: Vote;
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
 * One counted vote: the vote is for this action and this plan, the counting is of exactly this vote and of the same
 * person. Both are signed by approvals until persons sign for themselves.
 */
export function verifyVote(trust: Trust, counted: CountedVote, expected: VoteExpectation): VoteVerified {
  const by = { purpose: 'vote', service: 'approvals' } as const;
  const cast = trust.verify(counted.vote, { ...by, typ: 'sallyport-vote+jws', schema: vote });
  const count = trust.verify(counted.counting, { ...by, typ: 'sallyport-counting+jws', schema: counting });
  if (!cast.ok || !count.ok) return { ok: false };
  const { payload: v } = cast;
  const { payload: c } = count;
  const isThisAction =
    v.action_id === expected.actionId && v.action_digest === expected.actionDigest && c.action_id === expected.actionId;
  const isThisVote = c.proof_digest === digestOfBytes(counted.vote) && c.person === v.person;
  if (!isThisAction || !isThisVote || v.plan_digest !== expected.planDigest) return { ok: false };
  return { ok: true, vote: { vote: v, counting: c } };
}
