import type { ApprovalAnswer, Plan, VoteBody } from '#contracts';
import { escalatesAt, stageEndsAt, stageText } from '#trust';
import { stagesInOrder, type ApprovalState, type Held } from './approval.js';

type StageProgress = ApprovalAnswer['progress']['stages'][number];

/** How far each stage of a plan has come, and by when those that are open must go on. */
export function progressOf(
  plan: Plan,
  votes: { stage: number; decision: VoteBody['decision'] }[],
  held: Pick<Held, 'state' | 'openStages' | 'beganAt'>,
): StageProgress[] {
  return stagesInOrder(plan).map((one) => ({
    stage: one.stage,
    group: stageText(one),
    quorum: one.quorum,
    approved: votes.filter((vote) => vote.stage === one.stage && vote.decision === 'approve').length,
    ...(held.state === 'open' && held.openStages.includes(one.stage) && timesOf(plan, one, held.beganAt.getTime())),
  }));
}

function timesOf(plan: Plan, stage: Plan['stages'][number], beganAt: number): Partial<StageProgress> {
  const at = escalatesAt(stage, beganAt);
  return {
    open: true,
    deadline_at: new Date(stageEndsAt(plan, stage, beganAt)).toISOString(),
    ...(stage.escalate && at !== undefined && { escalates: { at: new Date(at).toISOString(), to: stage.escalate.to } }),
  };
}

/** The step in which a person asked the agent something; its reason is the question. */
export const questionedStep = 'questioned';

export interface Told {
  what: string;
  by: string | undefined;
  reason: string | undefined;
}

/**
 * While a request is open, a person who has not voted sees that others have, and neither who nor why: everybody decides
 * on the request, and nobody on what a colleague thought of it. Who gave their seat to whom is no opinion, and a question saves the next one.
 */
export function tellable<S extends Told>(step: S, reader: { person: string; voted: boolean; state: ApprovalState }): S {
  if (reader.state !== 'open' || reader.voted || step.by === reader.person || step.what !== 'approved') return step;
  return { ...step, by: undefined, reason: undefined };
}
