import type {
  DataOf,
  killSwitchChanged,
  KillScope,
  NotEligibleWhy,
  ProblemCode,
  PullLine,
  RegistryKind,
} from '#contracts';
import { stop, type Change, type Lease } from './lease.js';

/** Who pulls and releases. */
export const officers = 'security-officers';
/** Who may look at what is pulled. */
export const onlookers = [officers, 'soc-lead', 'auditors', 'registrars'] as const;

/** Somebody has asked for the release; somebody else has to agree. */
export interface Asked {
  by: string;
  reason: string;
  at: Date;
}

/** One pull of the kill switch. Instants are the database's clock. */
export interface Pull {
  pullId: string;
  /** Above that of every pull before it. */
  epoch: number;
  /** Grows by one with every change; the sequence of what is said about the pull. */
  version: number;
  scope: KillScope;
  /** Null for `global` alone. */
  scopeId: string | null;
  by: string;
  reason: string;
  pulledAt: Date;
  /** Leases of its scope that were not over when it was pulled. */
  live: number;
  asked: Asked | null;
  releasedAt: Date | null;
}

/** Where the registry knows what a scope names. An action's name is that of its type. */
export const kindOfScope = {
  agent: 'agents',
  profile: 'profiles',
  target: 'targets',
  action: 'action-types',
} as const satisfies Record<Exclude<KillScope, 'global'>, RegistryKind>;

export type ReleaseDecision =
  { ok: true; step: 'ask' | 'release' } | { ok: false; code: ProblemCode; why?: NotEligibleWhy };

/**
 * Two different people who are officers at this moment release a pull. The one who pulled it may be one of them. Whoever
 * asked first and is no officer any more does not count: the one who comes now is the first.
 */
export function decideRelease(pull: Pull, person: string, members: ReadonlySet<string>): ReleaseDecision {
  if (!members.has(person)) return { ok: false, code: 'not_eligible', why: 'not_in_group' };
  if (pull.releasedAt !== null) return { ok: false, code: 'already_decided' };
  if (pull.asked === null || !members.has(pull.asked.by)) return { ok: true, step: 'ask' };
  if (pull.asked.by === person) return { ok: false, code: 'not_eligible', why: 'already_voted' };
  return { ok: true, step: 'release' };
}

/** What a pull does to a lease that it covers: an offer is cancelled, a credential that may exist is taken back. */
export function cutBy({ by, reason }: Pull, lease: Lease): Change | undefined {
  return stop(lease, { code: 'kill_switch', by, reason });
}

type Changed = DataOf<typeof killSwitchChanged>;

/** What is said about a change of a pull, and by whom, why and when it was made. */
export function changeOf(pull: Pull, state: Changed['state'], { by, reason, at }: Asked): Changed {
  const { pullId: pull_id, epoch, scope, scopeId } = pull;
  const change = { pull_id, epoch, state, by, reason, at: at.toISOString() };
  if (scope === 'global') return { ...change, scope };
  if (scopeId === null) throw new TypeError('only the global scope has no id');
  return { ...change, scope, scope_id: scopeId };
}

/** What is left of a pull's work at one target. */
export interface Remaining {
  target: string;
  live: number;
  stuck: number;
}

/** A pull as people see it. What was there before the pull and is not live any more has ended. */
export function lineOf(pull: Pull, remaining: readonly Remaining[]): PullLine {
  const live = remaining.reduce((sum, one) => sum + one.live, 0);
  const stuckAt = remaining.filter(({ stuck }) => stuck > 0).map(({ target, stuck }) => ({ target, leases: stuck }));
  const { asked } = pull;
  return {
    id: pull.pullId,
    epoch: pull.epoch,
    scope: pull.scope,
    ...(pull.scopeId === null ? {} : { scope_id: pull.scopeId }),
    reason: pull.reason,
    by: pull.by,
    pulled_at: pull.pulledAt.toISOString(),
    live,
    // An offer that was being written while it was pulled is found later, and was not counted.
    ended: Math.max(0, pull.live - live),
    stuck: stuckAt.reduce((sum, { leases }) => sum + leases, 0),
    stuck_at: stuckAt,
    ...(asked === null
      ? {}
      : { release: { by: asked.by, at: asked.at.toISOString(), reason: asked.reason, waits_for: 1 } }),
  };
}
