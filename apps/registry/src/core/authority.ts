import { builtInGroups, type NotEligibleWhy, type RegistryKind } from '#contracts';
import { ruleOf } from './rules.js';

/** Who calls, as the registry's own tables know them in this transaction. */
export type Caller =
  { kind: 'person'; id: string; isActive: boolean; groups: readonly string[] } | { kind: 'service'; name: string };

export type Allowed = { ok: true; by: string } | { ok: false; why: NotEligibleWhy };

/** A service is no person: it may look entries up, and approvals may suspend. */
export function mayWrite(caller: Caller, kind: RegistryKind): Allowed {
  return inOneOf(caller, ruleOf(kind).writers);
}

/** Entries tell who may decide and who holds what, so only the groups that run the gate read them. */
export function mayRead(caller: Caller): Allowed {
  return inOneOf(caller, builtInGroups);
}

/** `approvals` suspends on behalf of a `/stop`; its own evidence says who stopped. */
export function maySuspend(caller: Caller): Allowed {
  if (caller.kind === 'service' && caller.name === 'approvals') return { ok: true, by: 'service:approvals' };
  return inOneOf(caller, ['registrars', 'soc-lead']);
}

export function mayResume(caller: Caller): Allowed {
  return inOneOf(caller, ['registrars']);
}

function inOneOf(caller: Caller, groups: readonly string[]): Allowed {
  if (caller.kind !== 'person' || !caller.isActive) return { ok: false, why: 'not_a_person' };
  return caller.groups.some((group) => groups.includes(group))
    ? { ok: true, by: caller.id }
    : { ok: false, why: 'not_in_group' };
}
