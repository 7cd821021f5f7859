import type { Agent, AgentKey, ProblemCode, ReplayWhy } from '#contracts';
import { whyNotRedeemable, type Lease } from './lease.js';

/** How long the sealed answer of a redeem is kept for an agent that has lost it, in seconds. */
export const keepSeconds = 60;

/** Who redeems, for which bytes, and which of the agent's encryption keys it wants; undefined: whichever it is. */
export interface Claim {
  jkt: string;
  actionDigest: string;
  encKid: string | undefined;
}

/** What was noted with the intent, and the answer as long as it is kept. */
export interface Delivery {
  jkt: string;
  encKid: string;
  sealed: Buffer | null;
  keepUntil: Date | null;
}

/** How a redeem finds the lease. */
export type Standing =
  | { kind: 'open' }
  | { kind: 'closed'; code: ProblemCode }
  /** The one who took it asks again before it is known what became of it. */
  | { kind: 'under_way' }
  /** The one who took it has lost the answer, which is still kept. */
  | { kind: 'again'; sealed: Buffer }
  | { kind: 'replay'; why: ReplayWhy };

/**
 * A lease is given once. Whoever took it may ask for the same answer again, with the same key and for the same bytes, while it
 * is kept; every other second redeem is a replay. `delivery` is undefined for a lease that nobody took.
 */
export function standingOf(
  lease: Lease,
  delivery: Delivery | undefined,
  { claim, now }: { claim: Claim; now: Date },
): Standing {
  const code = whyNotRedeemable(lease, now);
  if (code === undefined) return { kind: 'open' };
  if (code !== 'already_redeemed' || delivery === undefined) return { kind: 'closed', code };
  const other = whyOther(lease, delivery, claim);
  if (other !== undefined) return { kind: 'replay', why: other };
  if (lease.releasedAt === null) return neverDelivered(lease);
  const { sealed, keepUntil } = delivery;
  const isKept = sealed !== null && keepUntil !== null && now < keepUntil;
  return isKept ? { kind: 'again', sealed } : { kind: 'replay', why: 'too_late' };
}

function whyOther(lease: Lease, { jkt, encKid }: Delivery, claim: Claim): ReplayWhy | undefined {
  if (claim.jkt !== jkt) return 'other_key';
  const isSame = claim.actionDigest === lease.actionDigest && (claim.encKid ?? encKid) === encKid;
  return isSame ? undefined : 'other_request';
}

/** Nobody can have a copy of what was never delivered, so its own agent replays nothing. */
const neverDelivered = ({ state }: Lease): Standing =>
  state === 'ended' ? { kind: 'closed', code: 'ended' } : { kind: 'under_way' };

/** The registered key that a delivery is sealed to: the one that is asked for, else the first. Undefined when there is none. */
export function deliveryKey({ jwks }: Pick<Agent, 'jwks'>, encKid: string | undefined): AgentKey | undefined {
  return jwks.keys.find(({ kid, use }) => use === 'enc' && (encKid === undefined || kid === encKid));
}
