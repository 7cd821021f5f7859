import type { Counting, Facts, Known, RequestEvidence, Versioned } from '#contracts';
import { variantOf, viewDigest, viewOf, type Chain, type VerifiedVote } from '#trust';

/** An approvals that reads the registry, waits for policy and then counts may be this late. Milliseconds. */
const countingMs = 10_000;
const clocksMs = 60_000;

/** What the registry says about a version that a counting cites: the one after it, if there is one. */
export type Successor = Known<'groups'> | Known<'people'> | 'deleted' | undefined;

export interface HeldVotes {
  chain: Chain;
  request: RequestEvidence;
  facts: Facts;
  /** The agent at the version that the verdict names. */
  agent: Known<'agents'> | undefined;
  /** By id and version, those that the countings cite. */
  actionType: (cited: Counting['action_type']) => Known<'action-types'> | undefined;
  /** The version after the one that is cited. */
  after: (kind: 'groups' | 'people', cited: { id: string; version: number }) => Successor;
  /** When each key ended; null for one that did not, undefined for one that was never registered here. */
  endOf: (thumbprint: string) => Date | null | undefined;
  /** The confirmations, by nonce, that the assertion beside them proves: by a security key of this service's own list. */
  confirmed: ReadonlyMap<string, { iss: string; sub: string; endedAt: Date | undefined }>;
}

/**
 * What only the service that releases can say about votes whose signatures verify. Approvals wrote when a vote was
 * received and whom it counted by which version; a vote holds when the registry and the keys of this service bear that
 * out, and when the view that was signed is the view of this action.
 */
export function votesHold(held: HeldVotes): boolean {
  return held.chain.votes.every((vote) => {
    const isAfterVerdict = receivedAt(vote) >= held.chain.verdict.iat * 1_000 - clocksMs;
    return (
      isAfterVerdict && keyHeld(vote, held) && confirmedThen(vote, held) && citesThen(vote, held) && sawThis(vote, held)
    );
  });
}

const receivedAt = ({ counting }: VerifiedVote): number => Date.parse(counting.received_at);

/**
 * A key that is not in this service's list is nobody's, whatever was signed about it. Whoever gave their seat away and signed out
 * afterwards has given it all the same.
 */
function keyHeld({ counting, delegation, key }: VerifiedVote, { endOf }: HeldVotes): boolean {
  const lived = (thumbprint: string, at: string): boolean => {
    const end = endOf(thumbprint);
    return end === null || (end !== undefined && end.getTime() > Date.parse(at));
  };
  const givenAt = counting.delegated?.given_at ?? counting.received_at;
  return lived(key.thumbprint, counting.received_at) && (delegation === undefined || lived(delegation.key.thumbprint, givenAt));
} // prettier-ignore

/** Where a vote was confirmed, the security key is of this service's own list, of that person, and had not ended. */
function confirmedThen(vote: VerifiedVote, { confirmed }: HeldVotes): boolean {
  const { stepUp } = vote;
  if (stepUp === undefined) return true;
  const key = confirmed.get(stepUp.nonce);
  const isTheirs = key?.iss === stepUp.iss && key.sub === stepUp.sub;
  return isTheirs && (key.endedAt === undefined || key.endedAt.getTime() > Date.parse(stepUp.confirmed_at));
}

/** The versions were in force when the vote was received, and not ones from before. */
function citesThen(vote: VerifiedVote, { after }: HeldVotes): boolean {
  const { seat } = vote.counting;
  const [voter, holder] = [voterOf(vote.counting), holderOf(vote.counting)];
  const isIn = (next: Known<'groups'> | Known<'people'>): boolean =>
    next.kind === 'groups' && next.spec.members.includes(holder.id);
  const isActive = (next: Known<'groups'> | Known<'people'>): boolean =>
    next.kind === 'people' && next.spec.state === 'active';
  // Whoever is named by the plan rests on no group.
  const group = seat.group && after('groups', seat.group);
  return (
    wasInForce(group, vote, isIn) &&
    [voter, holder].every((person) => wasInForce(after('people', person), vote, isActive))
  );
}

export const voterOf = ({ person, person_version }: Counting): Versioned => ({ id: person, version: person_version });

/** Whose seat it is: that of whoever voted, or gave it to them. */
export const holderOf = (counting: Counting): Versioned => counting.delegated?.by ?? voterOf(counting);

/** A change in the very moment of the vote is no lie, unless it took away what the vote rests on. */
function wasInForce(
  next: Successor,
  vote: VerifiedVote,
  stillSo: (next: Known<'groups'> | Known<'people'>) => boolean,
): boolean {
  if (next === undefined) return true;
  if (next === 'deleted') return false;
  const sinceMs = receivedAt(vote) - Date.parse(next.changed_at);
  return sinceMs < 0 || (sinceMs <= countingMs && stillSo(next));
}

/** Whoever received a seat is in no group by that. */
const groupShown = ({ delegated, seat }: VerifiedVote['counting']): string | undefined =>
  delegated === undefined ? seat.group?.id : undefined;

/**
 * Rendered here from the same bytes and facts: whoever was shown anything else has signed another digest. Nobody decides on
 * a view that shows more, or less, of what is secret than the plan wants for the group of their seat.
 */
function sawThis({ vote, counting }: VerifiedVote, held: HeldVotes): boolean {
  const { agent, chain, facts, request } = held;
  const variant = variantOf(chain.verdict.plan ?? {}, groupShown(counting));
  if (agent === undefined || vote.variant !== variant) return false;
  const actionType = held.actionType(counting.action_type);
  if ((actionType === undefined) !== (counting.action_type === undefined)) return false;
  try {
    const view = viewOf({ verdict: chain.verdict, facts, request, agent, actionType, variant });
    return view.action.name === (actionType?.id ?? view.action.name) && viewDigest(view) === vote.view_digest;
  } catch {
    // The pieces do not belong together: nobody can have been shown this.
    return false;
  }
}
