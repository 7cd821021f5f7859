import type { Caps, IssuerSubject, Known, Person, Plan, SeatSource, Stage, Versioned } from '#contracts';
import { isSoundPlan, sourcesAt, stageEndsAt } from './plan.js';
import type { VerifiedVote } from './votes.js';

/** The registry entries at the versions that the countings cite, and of excluded people whatever is known. */
export interface VoteFacts {
  groups: readonly Known<'groups'>[];
  people: readonly Known<'people'>[];
}

export type UnsatisfiedWhy = 'plan_invalid' | 'step_up' | 'denied' | 'quorum_missing';
export type Satisfied =
  | { ok: true; granted: Caps }
  | { ok: false; why: UnsatisfiedWhy; /** The first stage that lacks people. */ stage?: number };

/** Who sits already. A person is known by its id and by each of its identities. */
class Seats {
  readonly #taken = new Set<string>();
  readonly #people: readonly Known<'people'>[];

  /** The excluded are treated as if they had voted already. */
  constructor(plan: Plan, people: readonly Known<'people'>[]) {
    this.#people = people;
    for (const { person } of plan.excluded) for (const name of this.#namesOf(person)) this.#taken.add(name);
  }

  /** False when this person, or whoever gave them the seat, sits already or is excluded, under whatever identity. Afterwards both do. */
  take({ counting: { delegated, person } }: VerifiedVote): boolean {
    const names = [person, ...(delegated ? [delegated.by.id] : [])].flatMap((id) => this.#namesOf(id));
    if (names.some((name) => this.#taken.has(name))) return false;
    for (const name of names) this.#taken.add(name);
    return true;
  }

  #namesOf(personId: string): string[] {
    const known = this.#people.filter(({ id }) => id === personId);
    const identities = known.flatMap(({ spec }) => spec.identities.map(({ iss, sub }) => JSON.stringify([iss, sub])));
    return [personId, ...identities];
  }
}

/**
 * Do these votes satisfy this plan in full? Every stage, in its order or all at once, has its quorum of distinct people; each voted
 * for its seat after the stage had begun and before its deadline, is active, is a member of the group at the version that
 * the counting cites or a person whom the stage names, is not excluded, has the limit, and confirmed every point. Whoever is of the group that a
 * stage escalates to counts from that moment on, and not a second before. Linked identities
 * are one person, and one person fills one seat in the whole plan. A seat that was given away is that of its giver, who could have filled
 * it; whoever received it needs all of that but the place in the group, and neither fills another. Any deny is a no. Where the plan asks for a step-up,
 * each vote was confirmed with a security key of that person, each confirmation for one vote. A plan without stages or with
 * a quorum below one is never satisfied. `granted` holds the smallest caps of all approving votes.
 */
export function satisfies(plan: Plan, votes: readonly VerifiedVote[], facts: VoteFacts): Satisfied {
  if (!isSoundPlan(plan)) return { ok: false, why: 'plan_invalid' };
  if (votes.some(({ vote }) => vote.decision !== 'approve')) return { ok: false, why: 'denied' };
  if (plan.step_up && !areConfirmed(votes)) return { ok: false, why: 'step_up' };
  const missing = firstMissingStage(plan, votes, facts);
  if (missing !== undefined) return { ok: false, why: 'quorum_missing', stage: missing };
  return { ok: true, granted: smallestCaps(votes) };
}

/** The smaller of what the verdict and the votes allow. */
export function grantedBy<G extends { ttl_seconds: number; uses: number }>(
  grant: G,
  granted: Caps,
): { ttl_seconds: number; uses: number } {
  return {
    ttl_seconds: Math.min(grant.ttl_seconds, granted.ttl_seconds ?? grant.ttl_seconds),
    uses: Math.min(grant.uses, granted.uses ?? grant.uses),
  };
}

function areConfirmed(votes: readonly VerifiedVote[]): boolean {
  const nonces = new Set(votes.map(({ stepUp }) => stepUp?.nonce));
  return nonces.size === votes.length && !nonces.has(undefined);
}

/** A stage that is not complete. */
interface Open {
  stage: Stage;
  beganAt: number;
  filled: number;
}

function firstMissingStage(plan: Plan, votes: readonly VerifiedVote[], facts: VoteFacts): number | undefined {
  const seated = new Seats(plan, facts.people);
  const waiting = [...plan.stages].sort((a, b) => a.stage - b.stage);
  const begin = (beganAt: number): Open[] => {
    const stages = waiting.splice(0, plan.parallel === true ? waiting.length : 1);
    return stages.map((stage) => ({ stage, beganAt, filled: 0 }));
  };
  let open = begin(Date.parse(plan.begins_at ?? plan.deadline_at));
  for (const vote of [...votes].sort(byReceipt)) {
    const seat = open.find(({ stage }) => stage.stage === vote.counting.seat.stage);
    if (seat === undefined || !fillsSeat(seat, vote, { plan, facts }) || !seated.take(vote)) continue;
    if (++seat.filled < seat.stage.quorum) continue;
    open = open.filter((one) => one !== seat);
    if (open.length === 0) open = begin(Date.parse(vote.counting.received_at));
  }
  return open[0]?.stage.stage;
}

/** Instants of one form sort as text. The rest only makes the order the same everywhere. */
function byReceipt({ counting: a }: VerifiedVote, { counting: b }: VerifiedVote): number {
  const [x, y] = [a, b].map((c) => `${c.received_at} ${String(c.seat.stage).padStart(9, '0')} ${c.person}`);
  return x === y ? 0 : String(x) < String(y) ? -1 : 1;
}

/** Everything about the one seat: which it is, the time, whose it is, membership at the cited version, limit, and confirmations. */
function fillsSeat(open: Open, cast: VerifiedVote, { facts, plan }: { plan: Plan; facts: VoteFacts }): boolean {
  const { beganAt, stage } = open;
  const { counting, vote } = cast;
  const now = Date.parse(counting.received_at);
  if (!isNamed(stage, vote.stage, plan) || now > stageEndsAt(plan, stage, beganAt)) return false;
  const person = voterOf(cast, facts);
  const holder = person && holderOf(cast, person, facts);
  if (person === undefined || holder === undefined) return false;
  if (!isOneOf(sourcesAt(stage, { beganAt, now }), { person: holder.id, seat: counting.seat }, facts.groups))
    return false;
  if (![person, holder].every(({ spec }) => hasLimit(spec, stage))) return false;
  return stage.confirmations.every(({ id }) => vote.confirmed.includes(id));
}

/** Where several seats are open at once, nobody but the person says which one it is. */
function isNamed({ stage }: Stage, named: number | undefined, { parallel }: Plan): boolean {
  return named === undefined ? parallel !== true : named === stage;
}

type Held = Pick<VerifiedVote['counting'], 'person' | 'seat'>;

function isOneOf(sources: readonly SeatSource[], { person, seat }: Held, groups: VoteFacts['groups']): boolean {
  const cited = seat.group;
  if (cited === undefined) return sources.some((one) => 'person' in one && one.person === person);
  const group = groups.find(({ id, version }) => id === cited.id && version === cited.version);
  return group?.spec.members.includes(person) === true && sources.some((one) => 'group' in one && one.group === cited.id);
} // prettier-ignore

/** Whoever was counted, if it is who signed and who confirmed. */
function voterOf({ counting, key, stepUp }: VerifiedVote, facts: VoteFacts): Known<'people'> | undefined {
  const person = activeAt({ id: counting.person, version: counting.person_version }, facts);
  return person && [key, stepUp ?? key].every((identity) => isTheirs(person, identity)) ? person : undefined;
}

/** Whose seat it is: that of whoever voted, or of whoever signed that they give it to them. */
function holderOf({ counting, delegation }: VerifiedVote, voter: Known<'people'>, facts: VoteFacts): Known<'people'> | undefined {
  if (counting.delegated === undefined) return voter;
  const giver = activeAt(counting.delegated.by, facts);
  return giver && delegation && isTheirs(giver, delegation.key) ? giver : undefined;
} // prettier-ignore

function activeAt(cited: Versioned, { people }: VoteFacts): Known<'people'> | undefined {
  return people.find(({ id, spec, version }) => id === cited.id && version === cited.version && spec.state === 'active');
} // prettier-ignore

/** The key is of somebody who signed in as this person. Approvals only says which person that is. */
function isTheirs({ spec }: Known<'people'>, { iss, sub }: IssuerSubject): boolean {
  return spec.identities.some((identity) => identity.iss === iss && identity.sub === sub);
}

/** Does the delegated limit of this person reach what the stage asks for? Limits of another currency count for nothing. */
export function hasLimit({ limits }: Pick<Person, 'limits'>, { min_limit: least }: Pick<Stage, 'min_limit'>): boolean {
  if (least === undefined) return true;
  return limits.some((own) => own.currency === least.currency && own.amount_minor >= least.amount_minor);
}

function smallestCaps(votes: readonly VerifiedVote[]): Caps {
  const smallest = (name: 'ttl_seconds' | 'uses'): number =>
    Math.min(...votes.map(({ vote }) => vote.caps?.[name] ?? Number.POSITIVE_INFINITY));
  const [ttl, uses] = [smallest('ttl_seconds'), smallest('uses')];
  return { ...(Number.isFinite(ttl) && { ttl_seconds: ttl }), ...(Number.isFinite(uses) && { uses }) };
}
