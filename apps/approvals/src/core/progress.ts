import type { Plan, VoteBody } from '#contracts';
import { stagesInOrder, type ApprovalState } from './approval.js';

export interface StageProgress {
  stage: number;
  group: string;
  quorum: number;
  approved: number;
}

/** How far each stage of a plan has come. */
export function progressOf(plan: Plan, votes: { stage: number; decision: VoteBody['decision'] }[]): StageProgress[] {
  return stagesInOrder(plan).map(({ stage, group, quorum }) => ({
    stage,
    group,
    quorum,
    approved: votes.filter((vote) => vote.stage === stage && vote.decision === 'approve').length,
  }));
}

export interface Told {
  what: string;
  by: string | undefined;
  reason: string | undefined;
}

/**
 * While a request is open, a person who has not voted sees that others have, and neither who nor why: everybody decides
 * on the request, and nobody on what a colleague thought of it.
 */
export function tellable<S extends Told>(step: S, reader: { person: string; voted: boolean; state: ApprovalState }): S {
  if (reader.state !== 'open' || reader.voted || step.by === reader.person) return step;
  return { ...step, by: undefined, reason: undefined };
}
