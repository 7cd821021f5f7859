import type { IssuerSubject, Known, NotEligibleWhy, Plan, SeatSource, SignedDelegation, Stage } from '#contracts';
import { groupsOf, hasLimit, peopleNamedIn, sourcesOf } from '#trust';
import { stagesInOrder } from './approval.js';
import type { Decider } from './decider.js';
import type { OpenStage } from './waits-for.js';

/**
 * Everything that decides about people for one request, as the registry says it now. The plan names who policy
 * excluded; the chain is read again at each decision, so that a new owner is kept out of an old plan too.
 */
export interface Circle {
  plan: Plan;
  chain: Chain;
  groups: ReadonlyMap<string, Known<'groups'>>;
  /** Seats that were given away and are not taken back or over. */
  given: readonly Given[];
  /** Whoever gave one away, as the registry has them now. */
  givers: ReadonlyMap<string, Decider>;
}

/** A seat that one person gave to another one for this request. */
export interface Given {
  giver: string;
  receiver: string;
  until: Date;
  givenAt: Date;
  signed: SignedDelegation;
}

/** Who stands behind an agent: none of them ever decides for it. */
export interface Chain {
  owners: string[];
  registrars: string[];
  principals: string[];
  /** For whom the agent says it acts in this request. A claim may exclude a person; it never lets one in. */
  onBehalfOf: IssuerSubject | undefined;
}

/** The chain of an agent over the versions that matter to a request: the one that was judged and the current one. */
export function chainOf(versions: Known<'agents'>[], onBehalfOf: IssuerSubject | undefined): Chain {
  return {
    owners: versions.map((agent) => agent.spec.owner),
    registrars: versions.map((agent) => agent.changed_by),
    principals: versions.flatMap((agent) => agent.spec.principals),
    onBehalfOf,
  };
}

/** Why a person of the agent's own chain may not decide, or undefined for everybody else. */
export function whyInChain(person: Decider, chain: Chain): NotEligibleWhy | undefined {
  const asked = chain.onBehalfOf;
  if (asked !== undefined && person.identities.some((own) => own.iss === asked.iss && own.sub === asked.sub)) {
    return 'self_approval';
  }
  if (chain.owners.includes(person.id)) return 'owner';
  if (chain.registrars.includes(person.id)) return 'registrar';
  return chain.principals.includes(person.id) ? 'in_delegation_chain' : undefined;
}

/** Why a person may never decide this request, whatever their groups. */
export function whyExcluded(person: Decider, circle: Circle): NotEligibleWhy | undefined {
  if (!person.active) return 'not_a_person';
  return (
    whyInChain(person, circle.chain) ?? circle.plan.excluded.find((exclusion) => exclusion.person === person.id)?.why
  );
}

export function isMember(person: Decider, group: string, circle: Pick<Circle, 'groups'>): boolean {
  return circle.groups.get(group)?.spec.members.includes(person.id) ?? false;
}

/** Without a group where the plan names the person. */
export type Seat =
  | {
      ok: true;
      stage: Stage;
      group: Known<'groups'> | undefined;
      /** Where it is another person's. */ from: Lent | undefined;
    }
  | { ok: false; why: NotEligibleWhy };

export type Sits = Extract<Seat, { ok: true }>;

export interface Lent {
  given: Given;
  giver: Decider;
}

type Place = Pick<Sits, 'group' | 'from'>;

/** What lets this person sit here: a group, or the plan, which names them. */
function ownPlace(person: Decider, sources: readonly SeatSource[], circle: Circle): Place | undefined {
  for (const one of sources) {
    if ('person' in one && one.person === person.id) return { group: undefined, from: undefined };
    const group = 'group' in one ? circle.groups.get(one.group) : undefined;
    if (group !== undefined && isMember(person, group.id, circle)) return { group, from: undefined };
  }
  return undefined;
}

/** The same, or the place of somebody who gave it to them and could take it themselves. */
function placeOf(person: Decider, sources: readonly SeatSource[], circle: Circle): Place | undefined {
  const own = ownPlace(person, sources, circle);
  if (own !== undefined) return own;
  for (const given of circle.given) {
    const giver = given.receiver === person.id ? circle.givers.get(given.giver) : undefined;
    if (giver === undefined || whyExcluded(giver, circle) !== undefined) continue;
    const place = ownPlace(giver, sources, circle);
    if (place !== undefined) return { group: place.group, from: { given, giver } };
  }
  return undefined;
}

/** The seat an approving vote fills: in a stage that is being decided, within the person's delegated limit, and that of whoever gave it to them. */
export function seatToApprove(person: Decider, { from: sources, stage }: OpenStage, circle: Circle): Seat {
  const why = whyExcluded(person, circle);
  if (why !== undefined) return { ok: false, why };
  const place = placeOf(person, sources, circle);
  if (place === undefined) return { ok: false, why: 'not_in_group' };
  const reaches = [person, place.from?.giver ?? person].every((one) => hasLimit(one, stage));
  return reaches ? { ok: true, stage, ...place } : { ok: false, why: 'limit_too_low' };
}

/**
 * The seat from which a person says no: a stage being decided if they stand in it, else any other of the plan,
 * else beside the first one being decided, for a group that has a veto.
 * Saying no needs no delegated limit, and nobody has to wait for their stage to stop a request.
 */
export function seatToDeny(person: Decider, open: readonly OpenStage[], circle: Circle): Seat {
  const why = whyExcluded(person, circle);
  if (why !== undefined) return { ok: false, why };
  const others = stagesInOrder(circle.plan).map((stage) => ({ stage, from: sourcesOf(stage) }));
  for (const { from, stage } of [...open, ...others]) {
    const place = placeOf(person, from, circle);
    if (place !== undefined) return { ok: true, stage, ...place };
  }
  const veto = (circle.plan.veto ?? []).map((group) => ({ group }));
  const place = ownPlace(person, veto, circle);
  const [current] = open;
  return place && current ? { ok: true, stage: current.stage, ...place } : { ok: false, why: 'not_in_group' };
}

/** From which group this person looks at a request: that of the seat from which they could decide, else one that may look at all. */
export function looksFrom(person: Decider, open: readonly OpenStage[], circle: Circle): string | undefined {
  const seat = open.length === 0 ? undefined : seatToDeny(person, open, circle);
  if (seat?.ok === true) return groupShown(seat);
  return overseers.find((group) => isMember(person, group, circle));
}

/** For which group whoever sits here is shown the request. A seat that was given away is no membership: what is secret stays so. */
export const groupShown = ({ from, group }: Sits): string | undefined => (from === undefined ? group?.id : undefined);

/** Groups whose people see every request: those who stop things, and those who look afterwards. */
export const overseers = ['soc-lead', 'auditors'] as const;

/**
 * May this person know that the request exists? The people of the plan, whoever received a seat, the overseers, and the agent's own chain, who
 * know of it anyway and are told why they may not decide.
 */
export function maySee(person: Decider, circle: Circle): boolean {
  if (!person.active) return false;
  const isOverseer = overseers.some((group) => isMember(person, group, circle));
  return isOverseer || hasPart(person, circle) || whyInPlanChain(person, circle) !== undefined;
}

function hasPart(person: Decider, circle: Circle): boolean {
  const { plan } = circle;
  if (peopleNamedIn(plan).includes(person.id) || hasReceived(person, circle)) return true;
  return groupsOf(plan).some((group) => isMember(person, group, circle));
}

const hasReceived = ({ id }: Decider, { given }: Circle): boolean => given.some(({ receiver }) => receiver === id);

function whyInPlanChain(person: Decider, circle: Circle): NotEligibleWhy | undefined {
  const named = circle.plan.excluded.find((one) => one.person === person.id && one.why !== 'excluded');
  return whyInChain(person, circle.chain) ?? named?.why;
}

/** Why this person may not take a request back or stop it: anyone eligible who has a part in the plan may, and `soc-lead`. */
export function whyMayNotEnd(person: Decider, circle: Circle): NotEligibleWhy | undefined {
  if (!person.active) return 'not_a_person';
  return isMember(person, 'soc-lead', circle) ? undefined : whyNoPart(person, circle);
}

/** Why this person has no say in a request, now or in a later stage. */
export function whyNoPart(person: Decider, circle: Circle): NotEligibleWhy | undefined {
  const excluded = whyExcluded(person, circle);
  if (excluded !== undefined) return excluded;
  return hasPart(person, circle) ? undefined : 'not_in_group';
}
