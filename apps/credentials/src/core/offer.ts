import type { Known, OfferedCode } from '#contracts';
import type { Passage } from '#trust';
import { termsOf, type Terms } from './terms.js';

/** What becomes of an action that was passed on to this service: a lease on offer, or an end before there is one. */
export type OfferDecision =
  | { kind: 'offer'; terms: Terms; code: OfferedCode; offerExpiresAt: Date }
  | { kind: 'over'; to: 'refused' | 'lapsed' | 'cancelled'; code: OverCode };

export type OverCode = 'evidence_invalid' | 'profile_mismatch' | 'offer_expired' | 'agent_suspended' | 'kill_switch';

export interface OfferInput {
  /** Undefined when the evidence did not verify. */
  chain: Passage | undefined;
  /** The profile as it is registered now; undefined when there is none. */
  profile: Known<'profiles'> | undefined;
  isSuspended: boolean;
  /** The database's clock. */
  now: Date;
}

/**
 * Decides on an offer. The offer ends after its own time to live or with the verdict, whichever is earlier; a verdict
 * whose time has passed offers nothing.
 */
export function decideOffer({ chain, profile, isSuspended, now }: OfferInput): OfferDecision {
  if (chain === undefined) return { kind: 'over', to: 'refused', code: 'evidence_invalid' };
  if (isSuspended) return { kind: 'over', to: 'cancelled', code: 'agent_suspended' };
  const verdictEnds = chain.verdict.exp * 1_000;
  if (now.getTime() >= verdictEnds) return { kind: 'over', to: 'lapsed', code: 'offer_expired' };
  const terms = profile && termsOf(chain, profile);
  if (terms === undefined) return { kind: 'over', to: 'refused', code: 'profile_mismatch' };
  const ownEnd = now.getTime() + chain.grant.offer_ttl_seconds * 1_000;
  return { kind: 'offer', terms, code: offeredCode(chain), offerExpiresAt: new Date(Math.min(ownEnd, verdictEnds)) };
}

/** A pull of the kill switch stands against it: what would have been offered is cancelled at once, and what is over stays as it is. */
export function underKillSwitch(decision: OfferDecision): OfferDecision {
  return decision.kind === 'offer' ? { kind: 'over', to: 'cancelled', code: 'kill_switch' } : decision;
}

function offeredCode({ plan, verdict }: Passage): OfferedCode {
  if (plan !== undefined) return 'approved';
  return verdict.code === 'emergency_rule' ? 'emergency_rule' : 'policy_allowed';
}
