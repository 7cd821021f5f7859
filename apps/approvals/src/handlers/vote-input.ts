import type { Known, VoteBody } from '#contracts';
import type { VoteCase } from '../core/vote.js';
import type { LoadedCase } from './load-case.js';

export interface CastVoteInput {
  actionId: string;
  caller: Known<'people'>;
  body: VoteBody;
  traceparent: string | undefined;
}

/** The case of a vote: on the row as it was read, or as it was locked. */
export function caseOf(loaded: LoadedCase, held: VoteCase['held'], voted: boolean): VoteCase {
  const { circle, person, row, variant, viewDigest } = loaded;
  return { held, person, circle, planNo: row.planNo, variant, viewDigest, voted };
}
