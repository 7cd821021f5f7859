import type { Known, VoteBody } from '#contracts';
import type { Given } from '../core/eligibility.js';
import type { VoteCase } from '../core/vote.js';
import type { LoadedCase } from './load-case.js';

export interface CastVoteInput {
  actionId: string;
  caller: Known<'people'>;
  body: VoteBody;
  traceparent: string | undefined;
}

/** The row, whether this person's seat is filled, and which seats are given away: as they were read, or as they are under the lock. */
export interface Standing {
  held: VoteCase['held'];
  voted: boolean;
  given: readonly Given[];
}

export function caseOf(loaded: LoadedCase, { given, held, voted }: Standing): VoteCase {
  const { circle, person, row, variant, viewDigest } = loaded;
  return { held, person, circle: { ...circle, given }, planNo: row.planNo, variant, viewDigest, voted };
}
