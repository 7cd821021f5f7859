import type { Person } from '#contracts';
import { z } from 'zod';
import { fine, printable, refused, type Doc, type Outcome } from './outcome.js';
import type { Provider } from './provider.js';

const text = z.string().min(1).max(256).regex(printable);
const label = z.string().max(256).regex(printable).optional();

/** What is kept of a user. The registry's own entry holds name, mail and state; the rest is for the provider to find again. */
const userDoc = z.strictObject({
  userName: text,
  externalId: text.optional(),
  displayName: label,
  name: z
    .strictObject({
      formatted: label,
      familyName: label,
      givenName: label,
      middleName: label,
      honorificPrefix: label,
      honorificSuffix: label,
    })
    .optional(),
  emails: z
    .array(
      z.strictObject({
        value: z.string().max(320).regex(printable).optional(),
        type: z.string().max(64).regex(printable).optional(),
        primary: z.boolean().optional(),
        display: label,
      }),
    )
    .max(32)
    .optional(),
  /** What the provider said last; the entry may have been made inactive by a registrar since. */
  active: z.boolean().default(true),
});
export type UserDoc = z.infer<typeof userDoc>;

export function readUser(doc: Doc): Outcome<UserDoc> {
  const parsed = userDoc.safeParse(doc);
  if (parsed.success) return fine(parsed.data);
  const [issue] = parsed.error.issues;
  return refused('invalidValue', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong shape'}`);
}

/** The `sub` that this person's tokens carry. Without it nobody could ever sign in as this person. */
export function subjectOf(user: UserDoc, { subject }: Provider): Outcome<string> {
  const sub = user[subject];
  return sub === undefined
    ? refused('invalidValue', `${subject} is required: it is the subject of the person's tokens`)
    : fine(sub);
}

/** The account of a person never changes here: otherwise somebody else would inherit what this person may do. */
export function keepsAccount(before: UserDoc, after: UserDoc, { subject }: Provider): Outcome<UserDoc> {
  if (before[subject] === after[subject]) return fine(after);
  return refused(
    'mutability',
    `${subject} is the subject of the person's tokens and stays as it is: delete, and create anew`,
  );
}

const filledIn = (value: string | undefined): value is string => value !== undefined && value.trim() !== '';

function nameOf({ displayName, name, userName }: UserDoc): string {
  const both = [name?.givenName, name?.familyName].filter(filledIn).join(' ');
  return [displayName, name?.formatted, both].find(filledIn)?.slice(0, 256) ?? userName;
}

function mailOf({ emails = [] }: UserDoc): string | undefined {
  const wanted = emails.filter(({ value }) => filledIn(value));
  return (wanted.find(({ primary }) => primary) ?? wanted.find(({ type }) => type === 'work') ?? wanted[0])?.value;
}

const stateOf = ({ active }: UserDoc): Person['state'] => (active ? 'active' : 'inactive');

/** A person who may sign in and approves nothing that needs a limit: limits and manager are for registrars. */
export function newPerson(user: UserDoc, identity: Person['identities'][number]): Person {
  const mail = mailOf(user);
  return {
    identities: [identity],
    name: nameOf(user),
    ...(mail !== undefined && { mail }),
    limits: [],
    state: stateOf(user),
  };
}

/**
 * The entry with name, mail and state as the provider has them; identities, limits and manager as they were. The state follows the
 * provider only where the provider changes it, so that a routine update does not bring back whom a registrar has made inactive.
 */
export function changedPerson(spec: Person, before: UserDoc | undefined, after: UserDoc): Person {
  const isSaid = before === undefined ? !after.active : before.active !== after.active;
  const changed: Person = { ...spec, name: nameOf(after), state: isSaid ? stateOf(after) : spec.state };
  const mail = mailOf(after);
  if (mail === undefined) delete changed.mail;
  else changed.mail = mail;
  return changed;
}
