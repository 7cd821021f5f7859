import type { CountedVote, Granting, Verdict } from '#contracts';
import { isGrantedWith, type Passage, type Subject } from '#trust';

/** Is an action passed on to this service, and by what? */
export type HandOver =
  /** The service before signed that it is. `passage` is undefined where what came with it does not belong to it: doubt, and an end. */
  | { kind: 'ours'; actionDigest: string; passage: Passage | undefined }
  /**
   * Nobody who could hold the action has signed that it is: somebody else's event. Nothing is said about the action,
   * because another service may hold it, and it must not end twice.
   */
  | { kind: 'forged' };

const forged: HandOver = { kind: 'forged' };

/** policy passes an action on with its first verdict, if that is an allow. */
export function handedOverByPolicy(verdict: Verdict | undefined, subject: Subject, passage?: Passage): HandOver {
  if (verdict?.purpose !== 'first' || verdict.outcome !== 'allow') return forged;
  const isThis = verdict.action_id === subject.actionId && verdict.agent.id === subject.agentId;
  return isThis ? { kind: 'ours', actionDigest: verdict.action_digest, passage } : forged;
}

/** approvals passes an action on with its granting, and with exactly the votes that this names. */
export function handedOverByApprovals(
  granting: Granting | undefined,
  votes: readonly CountedVote[],
  passage?: Passage,
): HandOver {
  if (granting === undefined) return forged;
  const fits = passage !== undefined && isGrantedWith(granting, passage, votes);
  return { kind: 'ours', actionDigest: granting.action_digest, passage: fits ? passage : undefined };
}
