import { entryId, ProblemError, registryKind, type EntryAnswer, type RegistryKind } from '#contracts';
import { parseStrict } from '#trust';
import type { Caller } from '#trust/http';
import type { Precondition } from './core/change.js';
import type { Claimant } from './handlers/find-caller.js';
import type { StoredEntry } from './io/entries.store.js';

/** As a request's limits, but a group may have 10,000 members. */
const bodyLimits = { bytes: 262_144, depth: 32, arrayItems: 10_000, stringBytes: 16_384 };

export function claimantOf(caller: Caller): Claimant {
  if (caller.kind === 'person') return { kind: 'person', id: caller.person.id };
  if (caller.kind === 'service') return { kind: 'service', name: caller.service };
  throw new ProblemError('not_found');
}

export function kindOf(text: string): RegistryKind {
  const kind = registryKind.safeParse(text);
  if (!kind.success) throw new ProblemError('not_found');
  return kind.data;
}

/** From the path, where a `/` inside an id is written `%2F`. */
export function idOf(text: string): string {
  const id = entryId.safeParse(text);
  if (!id.success)
    throw new ProblemError('schema_mismatch', { detail: 'id: letters, digits and . _ / @ - between them' });
  return id.data;
}

export function jsonOf(rawBody: Buffer): unknown {
  const parsed = parseStrict(rawBody, bodyLimits);
  if (!parsed.ok) throw new ProblemError(parsed.code);
  return parsed.value;
}

/** `If-Match: "<version>"`. A weak or a starred one would not say which version was seen. */
export function preconditionOf(ifMatch: string | undefined): Precondition {
  if (ifMatch === undefined) return 'absent';
  const version = /^"?([1-9]\d{0,8})"?$/u.exec(ifMatch)?.[1];
  if (version === undefined)
    throw new ProblemError('schema_mismatch', { detail: 'If-Match: the version in double quotes' });
  return { version: Number(version) };
}

export const etagOf = (version: number): string => `"${String(version)}"`;

export function answerOf({
  kind,
  id,
  version,
  deleted,
  spec,
  changed_by,
  changed_at,
  entry,
}: StoredEntry): EntryAnswer {
  const shown = deleted ? {} : { spec };
  return { kind, id, version, deleted, ...shown, changed_by, changed_at: changed_at.toISOString(), entry };
}
