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
