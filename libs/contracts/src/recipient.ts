import type { Group } from './registry/groups.js';
import type { Known } from './registry/index.js';
import type { Person } from './registry/people.js';
import type { SeatSource } from './statements.js';

/** Who is asked or told: a group by its id, or one person. No id holds a colon, so neither is ever taken for the other. */
export type Recipient = string;

const prefix = 'person:';

export const personRecipient = (personId: string): Recipient => prefix + personId;

/** The person's id; undefined for a group. */
export function personIn(recipient: Recipient): string | undefined {
  return recipient.startsWith(prefix) ? recipient.slice(prefix.length) : undefined;
}

export const recipientOf = (source: SeatSource): Recipient =>
  'group' in source ? source.group : personRecipient(source.person);

export type Channel = 'mail' | 'webhook';

/**
 * Where a recipient is told: a group where its entry says, a person whom a plan names at their own address, which counts for no group of theirs.
 * Nowhere: whoever is never told cannot be waited for.
 */
export function channelsOf(known: Pick<Group, 'channel'> | Pick<Person, 'mail'> | undefined): Channel[] {
  if (known === undefined) return [];
  const { mail, webhook }: Group['channel'] = 'channel' in known ? known.channel : { mail: known.mail };
  return [...(mail === undefined ? [] : ['mail' as const]), ...(webhook === undefined ? [] : ['webhook' as const])];
}

/** Whoever knows groups and people, as of some moment. */
export interface Directory {
  get<K extends 'groups' | 'people'>(kind: K, id: string): Known<K> | undefined;
}

/** Where a recipient is told, and who that is: the members of the group, whether they are registered or not, or the one person. */
export function addressOf(
  recipient: Recipient,
  directory: Directory,
): { channels: Channel[]; people: readonly string[] } {
  const named = personIn(recipient);
  if (named !== undefined) return { channels: channelsOf(directory.get('people', named)?.spec), people: [named] };
  const group = directory.get('groups', recipient)?.spec;
  return { channels: channelsOf(group), people: group?.members ?? [] };
}
