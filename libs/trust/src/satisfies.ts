import type { Caps, IssuerSubject, Known, Plan, Stage } from '#contracts';
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

  /** False when this person, under whatever identity, sits already or is excluded. */
  take({ counting }: VerifiedVote): boolean {
    const names = this.#namesOf(counting.person);
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
 * Do these votes satisfy this plan in full? Every stage in its order has its quorum of distinct people; each voted
 * for its seat after the stage before was complete and before the deadline, is active, is a member of the group at
 * the version that the counting cites, is not excluded, has the limit, and confirmed every point. Linked identities
 * are one person, and one person fills one seat in the whole plan. Any deny is a no. Where the plan asks for a step-up,
 * each vote was confirmed with a security key of that person, each confirmation for one vote. A plan without stages or with
 * a quorum below one is never satisfied. `granted` holds the smallest caps of all approving votes.
 */
export function satisfies(plan: Plan, votes: readonly VerifiedVote[], facts: VoteFacts): Satisfied {
  if (!isSound(plan)) return { ok: false, why: 'plan_invalid' };
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

function isSound(plan: Plan): boolean {
  const numbers = new Set(plan.stages.map(({ stage }) => stage));
  return (
    plan.stages.length > 0 &&
    numbers.size === plan.stages.length &&
    plan.stages.every(({ quorum }) => Number.isSafeInteger(quorum) && quorum >= 1)
  );
}

function firstMissingStage(plan: Plan, votes: readonly VerifiedVote[], facts: VoteFacts): number | undefined {
  const seated = new Seats(plan, facts.people);
  const inOrder = [...votes].sort(byReceipt);
  const queue = [...plan.stages].sort((a, b) => a.stage - b.stage);
  let [current] = queue;
  let filled = 0;
  for (const vote of inOrder) {
    if (current === undefined) return undefined;
    if (vote.counting.received_at > plan.deadline_at || !fillsSeat(current, vote, facts)) continue;
    if (!seated.take(vote)) continue;
    if (++filled < current.quorum) continue;
    queue.shift();
    [current] = queue;
    filled = 0;
  }
  return current?.stage;
}

/** Instants of one form sort as text. The rest only makes the order the same everywhere. */
function byReceipt({ counting: a }: VerifiedVote, { counting: b }: VerifiedVote): number {
  const [x, y] = [a, b].map((c) => `${c.received_at} ${String(c.seat.stage).padStart(9, '0')} ${c.person}`);
  return x === y ? 0 : String(x) < String(y) ? -1 : 1;
}

/** Everything about the one seat: the stage and group, membership at the cited version, limit, and confirmations. */
function fillsSeat(stage: Stage, { vote, key, counting, stepUp }: VerifiedVote, facts: VoteFacts): boolean {
  const { seat } = counting;
  if (seat.stage !== stage.stage || seat.group.id !== stage.group) return false;
  const group = facts.groups.find(({ id, version }) => id === seat.group.id && version === seat.group.version);
  const person = personOf(counting, facts.people);
  if (group === undefined || person?.spec.state !== 'active') return false;
  // Whoever signed, and whoever confirmed: the same person.
  if (![key, stepUp ?? key].every((identity) => isTheirs(person, identity))) return false;
  if (!group.spec.members.includes(person.id) || !hasLimit(person, stage)) return false;
  return stage.confirmations.every(({ id }) => vote.confirmed.includes(id));
}

function personOf(counting: VerifiedVote['counting'], people: VoteFacts['people']): Known<'people'> | undefined {
  return people.find(({ id, version }) => id === counting.person && version === counting.person_version);
}

/** The key is of somebody who signed in as this person. Approvals only says which person that is. */
function isTheirs({ spec }: Known<'people'>, { iss, sub }: IssuerSubject): boolean {
  return spec.identities.some((identity) => identity.iss === iss && identity.sub === sub);
}

function hasLimit(person: Known<'people'>, { min_limit: least }: Stage): boolean {
  if (least === undefined) return true;
  return person.spec.limits.some((l) => l.currency === least.currency && l.amount_minor >= least.amount_minor);
}

function smallestCaps(votes: readonly VerifiedVote[]): Caps {
  const smallest = (name: 'ttl_seconds' | 'uses'): number =>
    Math.min(...votes.map(({ vote }) => vote.caps?.[name] ?? Number.POSITIVE_INFINITY));
  const [ttl, uses] = [smallest('ttl_seconds'), smallest('uses')];
  return { ...(Number.isFinite(ttl) && { ttl_seconds: ttl }), ...(Number.isFinite(uses) && { uses }) };
}
