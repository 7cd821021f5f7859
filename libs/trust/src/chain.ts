import {
  acceptance, agentUrn, requestType, requestValue, verdict, type Acceptance, type CountedVote, type Facts, type Grant, type Known,
  type Plan, type RequestEvidence, type RequestValue, type Verdict,
} from '#contracts'; // prettier-ignore
import { actionDigest } from './canonical.js';
import { planDigest } from './plan.js';
import { verifyRequestSignature } from './request-signature.js';
import { satisfies, type VoteFacts } from './satisfies.js';
import { parseStrict } from './strict-json.js';
import type { Trust } from './trust.js';
import { verifyVote, type VerifiedVote } from './votes.js';

/** What a lease rests on, kept from the offer to the end. Without votes policy allowed it by itself. */
export interface Evidence {
  request: RequestEvidence;
  verdict: string;
  votes: CountedVote[] | undefined;
  /** What people were shown beside the action; kept where people voted. */
  facts?: Facts;
}

/** Whose action the event says this is about. */
export interface Subject {
  actionId: string;
  agentId: string;
}

/** What lets an action through: the verdict, and the votes that it asked for. */
export interface Passage extends Subject {
  value: RequestValue;
  actionDigest: string;
  verdict: Verdict;
  grant: Grant;
  plan: Plan | undefined;
  votes: VerifiedVote[];
}

/** Evidence that belongs together: every signature by the right key, every id and digest about the same action. */
export interface Chain extends Passage {
  acceptance: Acceptance;
}

/** Reads the frozen action and computes its digest anew; undefined when the bytes are no request of this agent. */
function readFrozen(text: string, subject: Subject): { value: RequestValue; actionDigest: string } | undefined {
  const parsed = parseStrict(Buffer.from(text, 'utf8'));
  const value = parsed.ok ? requestValue.safeParse(parsed.value) : undefined;
  if (!parsed.ok || value?.success !== true || value.data.subject.id !== subject.agentId) return undefined;
  const source = agentUrn(subject.agentId);
  return { value: value.data, actionDigest: actionDigest({ id: subject.actionId, source, data: parsed.value }) };
}

/**
 * Verifies what policy and approvals have signed, and that it is about this action of this agent and these bytes. Policy
 * signs only what it has verified itself, so for an offer this is enough; a release reads the whole chain. Undefined for
 * anything forged or put together from different actions. Whether the votes are enough is another question (`isWhole`),
 * and so is whether the verdict is still in time.
 */
export function readPassage(trust: Trust, evidence: Evidence, subject: Subject): Passage | undefined {
  const frozen = readFrozen(evidence.request.value, subject);
  const judged = trust.verify(evidence.verdict, { purpose: 'verdict', service: 'policy', schema: verdict });
  if (frozen === undefined || !judged.ok) return undefined;
  if (!isJudged(judged.payload, subject, frozen.actionDigest)) return undefined;
  const grant = soundGrant(judged.payload, frozen.value);
  const votes =
    evidence.votes === undefined ? soundAllow(judged.payload) : readVotes(trust, evidence.votes, judged.payload);
  if (grant === undefined || votes === undefined) return undefined;
  const { actionId, agentId } = subject;
  return { actionId, agentId, ...frozen, verdict: judged.payload, grant, plan: judged.payload.plan, votes };
}

/** The same, and what intake has signed before: for a release, and for whoever trusts no service. */
export function readChain(trust: Trust, evidence: Evidence, subject: Subject): Chain | undefined {
  const passage = readPassage(trust, evidence, subject);
  if (passage === undefined) return undefined;
  const accepted = readAcceptance(trust, evidence.request);
  if (accepted === undefined || !isAccepted(accepted, subject, passage.actionDigest)) return undefined;
  return { ...passage, acceptance: accepted };
}

/** What intake accepted, whoever brings it; undefined for bytes that it did not freeze. Nobody has judged it yet. */
export function readAccepted(trust: Trust, request: RequestEvidence): (Subject & { value: RequestValue }) | undefined {
  const accepted = readAcceptance(trust, request);
  if (accepted === undefined) return undefined;
  const subject = { actionId: accepted.action_id, agentId: accepted.agent.id };
  const frozen = readFrozen(request.value, subject);
  if (frozen === undefined || !isAccepted(accepted, subject, frozen.actionDigest)) return undefined;
  return { ...subject, value: frozen.value };
}

function readAcceptance(trust: Trust, { acceptance: jws }: RequestEvidence): Acceptance | undefined {
  const read = trust.verify(jws, { purpose: 'acceptance', service: 'intake', schema: acceptance });
  return read.ok ? read.payload : undefined;
}

function isAccepted(accepted: Acceptance, { actionId, agentId }: Subject, digest: string): boolean {
  const { ce } = accepted;
  return (
    accepted.action_id === actionId &&
    accepted.action_digest === digest &&
    accepted.agent.id === agentId &&
    ce.id === actionId &&
    ce.source === agentUrn(agentId) &&
    ce.type === requestType
  );
}

function isJudged(judged: Verdict, { actionId, agentId }: Subject, digest: string): boolean {
  return judged.action_id === actionId && judged.action_digest === digest && judged.agent.id === agentId;
}

/** A grant for exactly what was asked, or none. */
export function soundGrant({ grant }: Verdict, value: RequestValue): Grant | undefined {
  if (grant === undefined) return undefined;
  const { scope } = grant;
  const isSame =
    scope.action === value.action.name &&
    scope.resource.type === value.resource.type &&
    scope.resource.id === value.resource.id &&
    grant.profile.id === value.requested_access.profile;
  const isPositive = grant.ttl_seconds >= 1 && grant.uses >= 1 && grant.offer_ttl_seconds >= 1;
  return isSame && isPositive ? grant : undefined;
}

/**
 * Only the first verdict lets an action through by itself: what policy answers to a vote or a redeem reserves nothing
 * and must not become an offer.
 */
function soundAllow({ purpose, outcome, code }: Verdict): VerifiedVote[] | undefined {
  const isAllow =
    purpose === 'first' && outcome === 'allow' && (code === 'policy_allowed' || code === 'emergency_rule');
  return isAllow ? [] : undefined;
}

/** A plan may come from the first verdict, or from the one that replaced it while people were voting. */
function readVotes(trust: Trust, counted: CountedVote[], judged: Verdict): VerifiedVote[] | undefined {
  const { purpose, outcome, plan } = judged;
  if (plan === undefined || outcome !== 'require_approval' || (purpose !== 'first' && purpose !== 'vote'))
    return undefined;
  const expected = {
    actionId: judged.action_id,
    actionDigest: judged.action_digest,
    planDigest: planDigest(plan),
  };
  const votes: VerifiedVote[] = [];
  for (const each of counted) {
    const read = verifyVote(trust, each, expected);
    if (!read.ok || read.vote.vote.decision !== 'approve') return undefined;
    votes.push(read.vote);
  }
  const distinct = new Set(votes.map(({ vote }) => vote.jti));
  return votes.length > 0 && distinct.size === votes.length ? votes : undefined;
}

/** Different people among the votes, by id. Linked identities are one person with one id; keys of one sign-in are no two people. */
export function peopleIn(votes: readonly VerifiedVote[]): number {
  const identities = new Set(votes.map(({ key: { iss, sub } }) => JSON.stringify([iss, sub])));
  return Math.min(new Set(votes.map(({ counting }) => counting.person)).size, identities.size);
}

/** What redeem adds to the evidence: the agent as it is registered now, and the entries that the countings cite. */
export interface WholeInput {
  chain: Chain;
  request: RequestEvidence;
  agent: Known<'agents'>;
  /** The doors a request may have come through: the topic, and the HTTP route. */
  audiences: readonly string[];
  facts: VoteFacts;
}

/** True when the agent itself signed these bytes with a key that is registered now, and the people it needed said yes. */
export function isWhole(input: WholeInput): boolean {
  const { chain, facts } = input;
  if (!isSignedByAgent(input)) return false;
  return chain.plan === undefined || satisfies(chain.plan, chain.votes, facts).ok;
}

function isSignedByAgent({ chain, request, agent, audiences }: WholeInput): boolean {
  const bytes = Buffer.from(request.value, 'utf8');
  const keys = (kid: string) => {
    const key = agent.spec.jwks.keys.find((each) => each.kid === kid && each.use === 'sig');
    return key && { ...key, agentId: agent.id };
  };
  return audiences.some((aud) => {
    const verified = verifyRequestSignature(bytes, request.signature, { aud, keys, attributes: chain.acceptance.ce });
    return verified.ok && verified.agentId === chain.agentId;
  });
}

/** Which registry entries the countings cite, and whom these plans exclude; each once. */
export function citedBy(chain: Chain, plans: readonly (Plan | undefined)[]): Cited {
  const groups = new Map<string, { id: string; version: number }>();
  const people = new Map<string, { id: string; version?: number }>();
  for (const { counting } of chain.votes) {
    const { group } = counting.seat;
    if (group !== undefined) groups.set(`${group.id}:${String(group.version)}`, group);
    const { person: id, person_version: version } = counting;
    for (const one of [{ id, version }, ...(counting.delegated ? [counting.delegated.by] : [])])
      people.set(`${one.id}:${String(one.version)}`, one);
  }
  for (const { person } of plans.flatMap((plan) => plan?.excluded ?? [])) people.set(person, { id: person });
  return { groups: [...groups.values()], people: [...people.values()] };
}

export interface Cited {
  groups: { id: string; version: number }[];
  people: { id: string; version?: number }[];
}
