import { registryEntry, specs, type RegistryKind } from '#contracts';
import { z } from 'zod';
import type { Trust } from '#trust';
import type { CopyEntry, KnownOfAnyKind } from './registry-copy.js';

/** An entry beside the bytes that prove it. */
export interface SignedEntry {
  jws: string;
  entry: CopyEntry;
}

/**
 * `forged`: the signature is not the registry's, or the entry is of another gate; it says nothing.
 * `unreadable`: the registry signed it, but in a shape that this build does not know (a rolling upgrade): wait.
 */
export type ReadEntry =
  { kind: 'read'; signed: SignedEntry } | { kind: 'forged' } | { kind: 'unreadable'; where: string };

/** What of `Trust` is needed to read entries. */
export type Verifier = Pick<Trust, 'verify'>;

/** Anything that the registry signed, so that a shape from a newer build is told from a forgery. */
const signedPayload = z.looseObject({ gate: z.string() });

/** Reads one signed entry (compact JWS, purpose `registry`). */
export function readEntry(jws: string, trust: Verifier): ReadEntry {
  const verified = trust.verify(jws, { purpose: 'registry', service: 'registry', schema: signedPayload });
  if (!verified.ok) return { kind: 'forged' };
  const parsed = registryEntry.safeParse(verified.payload);
  if (!parsed.success) return { kind: 'unreadable', where: firstPath(parsed.error) };
  const { kind, id, version, deleted, changed_by, changed_at } = parsed.data;
  if (deleted) return { kind: 'read', signed: { jws, entry: { kind, id, version, deleted: true } } };
  const spec = specs[kind].safeParse(parsed.data.spec);
  if (!spec.success) return { kind: 'unreadable', where: firstPath(spec.error) };
  return { kind: 'read', signed: { jws, entry: live({ kind, id, version, changed_by, changed_at, spec: spec.data }) } };
}

/** The schema of `kind` has just parsed `spec`; TypeScript cannot follow that from the record to the union. */
function live(entry: Omit<KnownOfAnyKind, 'kind' | 'spec'> & { kind: RegistryKind; spec: unknown }): CopyEntry {
  return entry as KnownOfAnyKind;
}

const firstPath = (error: z.ZodError): string => error.issues[0]?.path.join('.') ?? '';
