import { terminalOutcomes, topics, type ActionState } from '#contracts';

/** Which service may have said what stands on a topic. */
export const serviceOfTopic: Readonly<Record<string, string>> = {
  [topics.actions]: 'intake',
  [topics.decisions]: 'policy',
  [topics.approvals]: 'approvals',
  [topics.leases]: 'credentials',
};

const order: readonly ActionState[] = ['accepted', 'pending', 'offered', 'released'];

/**
 * How far along a state is. Topics are read at different speeds, so an earlier state may be heard after a later one: it is
 * kept in the history and never takes the later one's place.
 */
export function rankOf(state: ActionState): number {
  return isTerminal(state) ? order.length : order.indexOf(state);
}

export function isTerminal(state: ActionState): boolean {
  return state !== 'accepted' && terminalOutcomes.has(state);
}

/** States in which the agent has nothing to do but wait. */
export function isWaiting(state: ActionState): boolean {
  return state === 'accepted' || state === 'pending';
}
