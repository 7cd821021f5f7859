import { personRecipient, type Known, type LeaseAnswer } from '#contracts';
import type { Lease } from './lease.js';

/** Groups that may end any lease. */
const enders = ['soc-lead', 'registrars'] as const;
/** Groups that may look at any lease besides. */
const readers = ['auditors'] as const;

/** The groups that decide what a person may do with this lease. */
export function groupsAbout({ groups }: Lease): string[] {
  return [...new Set([...groups, ...enders, ...readers])];
}

/** `end` includes looking. */
export type Access = 'end' | 'read' | 'none';

/** What a person may do with a lease, by the groups it is in, or because its plan names them. */
export function accessOf(personId: string, lease: Lease, groups: readonly Known<'groups'>[]): Access {
  const isIn = (names: readonly string[]): boolean =>
    groups.some(({ id, spec }) => names.includes(id) && spec.members.includes(personId));
  const isNamed = lease.groups.includes(personRecipient(personId));
  if (isNamed || isIn([...lease.groups, ...enders])) return 'end';
  return isIn(readers) ? 'read' : 'none';
}

/** What a list shows a person: every lease, or those whose plan has one of these groups, or names them. */
export function sightOf(personId: string, groups: readonly Known<'groups'>[]): 'all' | string[] {
  const own = groups.filter(({ spec }) => spec.members.includes(personId)).map(({ id }) => id);
  const overseers: readonly string[] = [...enders, ...readers];
  return own.some((id) => overseers.includes(id)) ? 'all' : [...own, personRecipient(personId)];
}

/** A lease as its agent and people see it. Never the secret, which is nowhere here. */
export function answerOf(lease: Lease): LeaseAnswer {
  return {
    lease_id: lease.leaseId,
    action_id: lease.actionId,
    agent_id: lease.agentId,
    state: lease.state,
    ...(lease.code === null ? {} : { code: lease.code }),
    profile: lease.profile,
    target: lease.target,
    ttl_seconds: lease.ttlSeconds,
    uses: lease.usesLeft,
    offer_expires_at: lease.offerExpiresAt.toISOString(),
    ...(lease.expiresAt === null ? {} : { expires_at: lease.expiresAt.toISOString() }),
    ...(lease.executed === null
      ? {}
      : { result: { digest: lease.executed.digest, row_count: lease.executed.rowCount } }),
    stuck: lease.stuck,
  };
}
