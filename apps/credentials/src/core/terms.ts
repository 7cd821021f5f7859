import { issuerKinds, type Known, type Recipient, type RequestValue } from '#contracts';
import { grantedBy, partiesOf, peopleIn, type Passage } from '#trust';
import type { Issuing, Lease } from './lease.js';
import { fitsPattern } from './pattern.js';

/** What a lease gives: the intersection of asked, judged, voted and the profile. */
export interface Terms {
  profile: string;
  profileVersion: number;
  issuer: Issuing;
  target: string;
  ttlSeconds: number;
  uses: number;
  /** Of the plan; people whom it names too. */
  groups: Recipient[];
}

/** `mode` in what agents are told. */
export const modeOf = (issuer: Issuing): (typeof issuerKinds)[Issuing]['mode'] => issuerKinds[issuer].mode;

/**
 * The terms of a chain under a profile, or undefined when the profile does not fit the action and resource, or when its
 * floors are not met. The floors are this service's own: no verdict lowers them, an emergency included.
 */
export function termsOf(chain: Passage, profile: Known<'profiles'>): Terms | undefined {
  const { spec } = profile;
  if (profile.id !== chain.grant.profile.id || !covers(spec, chain.value) || !meetsFloors(spec, chain))
    return undefined;
  return {
    profile: profile.id,
    profileVersion: profile.version,
    issuer: spec.issuer,
    target: spec.target,
    ...amounts(chain, spec),
    groups: chain.plan === undefined ? [] : partiesOf(chain.plan),
  };
}

/** Whether a profile is for this action on this resource. */
export function covers(
  { actions, resources }: Known<'profiles'>['spec'],
  { action, resource }: Pick<RequestValue, 'action' | 'resource'>,
): boolean {
  return actions.includes(action.name) && resources.some((pattern) => fitsPattern(pattern, resource.id));
}

function meetsFloors({ requires_person, min_quorum }: Known<'profiles'>['spec'], chain: Passage): boolean {
  return peopleIn(chain.votes) >= Math.max(min_quorum, requires_person ? 1 : 0);
}

type Amounts = Pick<Passage['grant'], 'ttl_seconds' | 'uses'>;

/** The smallest of every limit that somebody set. */
function amounts(chain: Passage, spec: Known<'profiles'>['spec']): { ttlSeconds: number; uses: number } {
  const asked = chain.value.requested_access;
  const caps = chain.votes.map(({ vote }) => vote.caps ?? {});
  const voted = caps.reduce<Amounts>((most, cap) => grantedBy(most, cap), chain.grant);
  return {
    ttlSeconds: Math.min(voted.ttl_seconds, spec.max_ttl_seconds, asked.ttl_seconds),
    uses: Math.min(voted.uses, spec.uses, asked.uses ?? voted.uses),
  };
}

/** What was offered is the most that a redeem gives, whatever the profile allows by then. */
export function withinOffer(offer: Pick<Lease, 'ttlSeconds' | 'usesLeft'>, terms: Terms): Terms {
  const ttlSeconds = Math.min(terms.ttlSeconds, offer.ttlSeconds);
  return { ...terms, ttlSeconds, uses: Math.min(terms.uses, offer.usesLeft) };
}

/** The target must be of the kind that the issuer can work with. */
export function suits(issuer: Issuing, target: Known<'targets'>): boolean {
  return target.spec.kind === issuerKinds[issuer].target;
}
