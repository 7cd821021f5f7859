import { verdict, type Known, type RefusedCode, type Verdict } from '#contracts';
import {
  isWhole,
  sameConfirmations,
  satisfies,
  soundGrant,
  type Chain,
  type Evidence,
  type Trust,
  type VoteFacts,
} from '#trust';
import { suits, termsOf, type Terms } from './terms.js';

/** How far policy's clock may be from the database's, in seconds. */
const leewaySeconds = 60;

/** What was read at this moment, for one redeem. */
export interface RedeemInput {
  evidence: Evidence;
  /** Undefined when the stored evidence does not verify (any more). */
  chain: Chain | undefined;
  actionDigest: string;
  agent: Known<'agents'>;
  audiences: readonly string[];
  facts: VoteFacts;
  profile: Known<'profiles'> | null;
  target: Known<'targets'> | null;
}

export type Checked = { ok: true; chain: Chain; terms: Terms } | { ok: false; code: RefusedCode };

/** Everything that must still hold before policy is asked again: the whole chain from the agent's signature to the votes, and the profile. */
export function checkRedeem(input: RedeemInput): Checked {
  const { chain, evidence, agent, audiences, facts, profile, target } = input;
  if (chain === undefined || chain.actionDigest !== input.actionDigest) return { ok: false, code: 'evidence_invalid' };
  if (!isWhole({ chain, request: evidence.request, agent, audiences, facts }))
    return { ok: false, code: 'evidence_invalid' };
  const terms = profile === null ? undefined : termsOf(chain, profile);
  if (terms === undefined || target === null || target.id !== terms.target || !suits(terms.issuer, target)) {
    return { ok: false, code: 'profile_mismatch' };
  }
  return { ok: true, chain, terms };
}

/**
 * Policy's answer to this redeem; undefined when it is not one: another signer, another action, another purpose, or not
 * of now. That is a fault of the way and not a verdict.
 */
export function readJudgement(trust: Trust, jws: string, chain: Chain, now: Date): Verdict | undefined {
  const read = trust.verify(jws, { purpose: 'verdict', service: 'policy', schema: verdict });
  if (!read.ok) return undefined;
  const again = read.payload;
  const isAbout =
    again.purpose === 'redeem' &&
    again.action_id === chain.actionId &&
    again.action_digest === chain.actionDigest &&
    again.agent.id === chain.agentId;
  const age = now.getTime() / 1_000 - again.iat;
  return isAbout && Math.abs(age) <= leewaySeconds ? again : undefined;
}

/**
 * Does policy still permit it? Allow does; a plan does when the recorded votes satisfy it in full and its points are
 * those that were confirmed. What is granted can only have become smaller.
 */
export function judgedAgain(
  again: Verdict,
  { chain, terms }: { chain: Chain; terms: Terms },
  facts: VoteFacts,
): Terms | undefined {
  const grant = soundGrant(again, chain.value);
  if (grant === undefined || !permits(again, chain, facts)) return undefined;
  return {
    ...terms,
    ttlSeconds: Math.min(terms.ttlSeconds, grant.ttl_seconds),
    uses: Math.min(terms.uses, grant.uses),
  };
}

function permits({ outcome, plan }: Verdict, chain: Chain, facts: VoteFacts): boolean {
  if (outcome === 'allow') return true;
  if (outcome !== 'require_approval' || plan === undefined || chain.plan === undefined) return false;
  // The plan of now begins now; the votes were given to one that began when people were asked.
  const begins_at = chain.plan.begins_at ?? new Date(chain.verdict.iat * 1_000).toISOString();
  return satisfies({ ...plan, begins_at }, chain.votes, facts).ok && sameConfirmations(chain.plan, plan);
}
