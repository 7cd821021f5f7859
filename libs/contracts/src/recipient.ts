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

/** Of an entry by itself: a group's as it says, a person's by mail. */
export function channelsOf(known: Pick<Group, 'channel'> | Pick<Person, 'mail'>): Channel[] {
  const { mail, webhook }: Group['channel'] = 'channel' in known ? known.channel : { mail: known.mail };
  return [...(mail === undefined ? [] : ['mail' as const]), ...(webhook === undefined ? [] : ['webhook' as const])];
}

/** Whoever knows groups and people, as of some moment. */
export interface Directory {
  get<K extends 'groups' | 'people'>(kind: K, id: string): Known<K> | undefined;
}

/** Who belongs to a recipient, whether they are registered or not: the members of the group, or the one person. */
export function membersOf(recipient: Recipient, directory: Directory): readonly string[] {
  const named = personIn(recipient);
  return named === undefined ? (directory.get('groups', recipient)?.spec.members ?? []) : [named];
}

/** A group that is larger needs an address of its own: nobody wants hundreds of mails about each request. */
export const mostToldOneByOne = 50;

export interface Address {
  recipient: Recipient;
  channels: readonly Channel[];
}

/**
 * Where a recipient is told. A person: at their own mail. A group: where its entry says; one that says nothing, as providers push them, at the mail of
 * each member, as long as it has no more than 50. Nowhere: whoever is never told cannot be waited for.
 */
export function addressesOf(recipient: Recipient, directory: Directory): Address[] {
  const own = ownAddress(recipient, directory);
  if (own.channels.length > 0) return [own];
  const members = personIn(recipient) === undefined ? membersOf(recipient, directory) : [];
  if (members.length > mostToldOneByOne) return [];
  return members.map((id) => ownAddress(personRecipient(id), directory)).filter(({ channels }) => channels.length > 0);
}

/** Those of a recipient who are told, registered or not. */
export function toldOf(recipient: Recipient, directory: Directory): readonly string[] {
  const [first, ...more] = addressesOf(recipient, directory);
  if (first === undefined) return [];
  if (first.recipient === recipient) return membersOf(recipient, directory);
  return [first, ...more].flatMap((one) => personIn(one.recipient) ?? []);
}

function ownAddress(recipient: Recipient, directory: Directory): Address {
  const named = personIn(recipient);
  const known = named === undefined ? directory.get('groups', recipient) : directory.get('people', named);
  return { recipient, channels: known === undefined ? [] : channelsOf(known.spec) };
}
