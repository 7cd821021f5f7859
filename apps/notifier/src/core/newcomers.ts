import { personRecipient, type Known } from '#contracts';
import type { Due } from './told.js';

/** Who is in this group and was not before. Without a version before it, nobody is: nothing waited for a group that was not there. */
export function newcomers(before: Known<'groups'> | undefined, now: Known<'groups'>): string[] {
  if (before === undefined) return [];
  const known = new Set(before.spec.members);
  return now.spec.members.filter((member) => !known.has(member));
}

/** They were told nothing when it began to wait. One message, about what is due first: `approvals list` shows the rest. */
export function greeting(people: readonly string[], actionId: string): Due[] {
  return people.map((person) => ({ actionId, kind: 'joined', group: personRecipient(person), stage: 0, code: null }));
}
