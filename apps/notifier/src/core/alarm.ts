import { personRecipient, replayWhy, type ReplayWhy } from '#contracts';
import type { Due } from './told.js';

/** Who looks after incidents, and can suspend the agent. */
const watchers = 'soc-lead';

/** A second redeem of a lease, as credentials signed it. */
export interface Replayed {
  actionId: string;
  agentId: string;
  why: ReplayWhy;
}

/**
 * Who hears of a second redeem: the agent's owner, where it is known, and `soc-lead`. Both follow from the agent alone, so it does
 * not matter what else was heard about the action by then. Once for each reason.
 */
export function alarmsOf({ actionId, why }: Replayed, owner: string | undefined): Due[] {
  const recipients = [watchers, ...(owner === undefined ? [] : [personRecipient(owner)])];
  const stage = replayWhy.options.indexOf(why);
  return recipients.map((group) => ({ actionId, kind: 'replayed', group, stage, code: why }));
}
