import { counting, type CountedVote, type Counting, type PersonKey, type StepUp, type Vote } from '#contracts';
import { digestOfBytes } from './canonical.js';
import { isGivenFor, readDelegation, type ReadDelegation } from './delegation.js';
import { isSignedInTime, readPersonKey, readSignedVote } from './person-key.js';
import { isConfirmed, readStepUp } from './step-up.js';
import type { Trust } from './trust.js';

/** A vote, whose key signed it, and its counting: all three signatures verified. Only `verifyVote` makes them. */
export interface VerifiedVote {
  readonly vote: Vote;
  /** Whose key it is, by identity. That the counting names the person with this identity is for `satisfies`, which has the registry. */
  readonly key: PersonKey;
  readonly counting: Counting;
  /** What the person confirmed with a security key, where this stands beside the vote. */
  readonly stepUp?: StepUp;
  /** How the seat came to whoever voted, where it is another person's. */
  readonly delegation?: ReadDelegation;
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
 * this plan; the counting, by approvals, is of exactly this vote; and so are the confirmation and the delegation, where there are.
 */
export function verifyVote(trust: Trust, counted: CountedVote, expected: VoteExpectation): VoteVerified {
  const key = counted.person_key === undefined ? undefined : readPersonKey(trust, counted.person_key);
  const cast = key && readSignedVote(counted.vote, key);
  const count = readCounting(trust, counted.counting);
  if (key === undefined || cast === undefined || count === undefined) return { ok: false };
  const bare = { vote: cast, key, counting: count };
  if (!isCounted(bare, expected, digestOfBytes(counted.vote))) return { ok: false };
  const vote = delegated(trust, counted.delegated, bare);
  if (vote === undefined) return { ok: false };
  return counted.step_up === undefined ? { ok: true, vote } : confirmed(trust, counted.step_up, vote);
}

function isCounted(
  { vote, key, counting: count }: VerifiedVote,
  expected: VoteExpectation,
  proofDigest: string,
): boolean {
  const isThisVote = isAbout(vote, expected) && count.action_id === expected.actionId;
  return isThisVote && count.proof_digest === proofDigest && isSignedInTime(vote, key, count.received_at);
}

/** What its giver signed and what its counting says of it come together, or neither does. */
function delegated(trust: Trust, signed: CountedVote['delegated'], vote: VerifiedVote): VerifiedVote | undefined {
  if (signed === undefined) return vote.counting.delegated === undefined ? vote : undefined;
  const delegation = readDelegation(trust, signed);
  return delegation && isGivenFor(delegation, vote) ? { ...vote, delegation } : undefined;
}

/** A confirmation that is not of exactly this vote is worse than none. */
function confirmed(trust: Trust, statement: string, vote: VerifiedVote): VoteVerified {
  const stepUp = readStepUp(trust, statement);
  const holds = stepUp !== undefined && isConfirmed(vote.vote, stepUp, vote.counting.received_at);
  return holds ? { ok: true, vote: { ...vote, stepUp } } : { ok: false };
}

function isAbout(cast: Vote, { actionDigest, actionId, planDigest }: VoteExpectation): boolean {
  return cast.action_id === actionId && cast.action_digest === actionDigest && cast.plan_digest === planDigest;
}

function readCounting(trust: Trust, signed: string): Counting | undefined {
  const by = { purpose: 'vote', service: 'approvals', typ: 'sallyport-counting+jws' } as const;
  const read = trust.verify(signed, { ...by, schema: counting });
  return read.ok ? read.payload : undefined;
}
