import { granting, type CountedVote, type Granting } from '#contracts';
import { digestOfBytes } from './canonical.js';
import type { Passage, Subject } from './chain.js';
import { planDigest } from './plan.js';
import type { Trust } from './trust.js';

/** What approvals signed when it handed this action on; undefined when it did not hand on this action of this agent. */
export function readGranting(trust: Trust, signed: string, { actionId, agentId }: Subject): Granting | undefined {
  const by = { purpose: 'vote', service: 'approvals', typ: 'sallyport-granting+jws' } as const;
  const read = trust.verify(signed, { ...by, schema: granting });
  if (!read.ok) return undefined;
  const isThis = read.payload.action_id === actionId && read.payload.agent_id === agentId;
  return isThis ? read.payload : undefined;
}

/** The votes as a granting names them. */
export function votesNamed(votes: readonly CountedVote[]): string[] {
  return votes.map(({ vote }) => digestOfBytes(vote));
}

/** True when this evidence is what was handed on: the same bytes, the same plan, exactly these votes. */
export function isGrantedWith(
  granted: Granting,
  passage: Pick<Passage, 'actionDigest' | 'plan'>,
  votes: readonly CountedVote[],
): boolean {
  const { plan } = passage;
  if (plan === undefined || granted.action_digest !== passage.actionDigest) return false;
  const named = votesNamed(votes);
  const isSame = named.length === granted.votes.length && named.every((one, i) => one === granted.votes[i]);
  return isSame && granted.plan_digest === planDigest(plan);
}
