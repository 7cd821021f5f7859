import type { Group } from '#contracts';
import { z } from 'zod';
import { fine, printable, refused, type Doc, type Outcome } from './outcome.js';
import { mappedGroup, type Provider } from './provider.js';

const groupDoc = z.strictObject({
  displayName: z.string().min(1).max(256).regex(printable),
  externalId: z.string().min(1).max(256).regex(printable).optional(),
  members: z
    .array(
      z.looseObject({
        value: z.string().min(1).max(128),
        type: z.string().max(64).optional(),
      }),
    )
    .max(10_000)
    .default([]),
});

export interface GroupDoc {
  displayName: string;
  externalId?: string;
  /** SCIM ids of users. */
  members: string[];
}

/** Groups inside groups are refused: who may decide must be readable from the group itself. */
export function readGroup(doc: Doc): Outcome<GroupDoc> {
  const parsed = groupDoc.safeParse(doc);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refused('invalidValue', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong shape'}`);
  }
  const { displayName, externalId, members } = parsed.data;
  if (members.some(({ type }) => type !== undefined && type.toLowerCase() !== 'user')) {
    return refused('invalidValue', 'members: only users');
  }
  const ids = [...new Set(members.map(({ value }) => value))];
  return fine({ displayName, ...(externalId !== undefined && { externalId }), members: ids });
}

/** What is kept beside the entry; the members are the entry's. */
export const keptOf = ({ displayName, externalId }: GroupDoc): Doc => ({
  displayName,
  ...(externalId !== undefined && { externalId }),
});

/** A name stands for the group that it is mapped to; by a new name it would have to be another group. */
export function keepsMapping(before: string, after: string, provider: Provider): Outcome<string> {
  if (mappedGroup(provider, before) === mappedGroup(provider, after)) return fine(after);
  return refused('mutability', 'displayName: one of the two names is mapped to a group, the other is not');
}

export interface Filling {
  /** Members by other hands, who are left alone. */
  others: readonly string[];
  own: readonly string[];
  /** Whether the provider made the group. */
  made: boolean;
}

/** The provider's members beside those that are not its own, in the order they have. A group that it made is described by its name. */
export function groupSpec(held: Group | undefined, { displayName }: GroupDoc, { others, own, made }: Filling): Group {
  const wanted = new Set([...others, ...own]);
  const kept = (held?.members ?? []).filter((id) => wanted.has(id));
  const described = made ? { description: displayName } : {};
  return { channel: {}, ...held, ...described, members: [...new Set([...kept, ...own])] };
}
