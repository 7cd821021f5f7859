import { z } from 'zod';
import { compactJws, entryId, instant, thumbprint } from '../ids.js';
import { registryKind } from '../registry/kinds.js';

/** `POST /v1/lookup` (service JWT): the current signed entry of each, or of a past `version`; keys by `kid`. */
export const lookupBody = z.strictObject({
  entries: z
    .array(z.strictObject({ kind: registryKind, id: entryId, version: z.int().positive().optional() }))
    .max(1_000)
    .default([]),
  kids: z.array(thumbprint).max(1_000).default([]),
});
export type LookupBody = z.input<typeof lookupBody>;

/** Answers are in the order asked; null = no such entry, version or key. */
export const lookupAnswer = z.object({
  entries: z.array(compactJws.nullable()),
  /** The agent entry that holds each kid. */
  kids: z.array(compactJws.nullable()),
});
export type LookupAnswer = z.infer<typeof lookupAnswer>;

export const suspendBody = z.strictObject({ reason: z.string().min(1).max(4_096) });

/** An entry as the registry answers it. `ETag` is the version; `entry` is what services verify. */
export const entryAnswer = z.object({
  kind: registryKind,
  id: entryId,
  version: z.int().positive(),
  deleted: z.boolean(),
  /** Absent in a deletion. */
  spec: z.unknown().optional(),
  changed_by: z.string(),
  changed_at: instant,
  entry: compactJws,
});
export type EntryAnswer = z.infer<typeof entryAnswer>;

/** `GET /v1/<kind>?after=<id>`: live entries in the order of their ids; `next` is the `after` of the next page. */
export const entryListAnswer = z.object({ entries: z.array(entryAnswer), next: entryId.optional() });
export type EntryListAnswer = z.infer<typeof entryListAnswer>;

/** `GET /v1/<kind>/<id>/versions?before=<version>`: newest first, deletions included. */
export const versionsAnswer = z.object({
  versions: z.array(
    z.object({
      version: z.int().positive(),
      deleted: z.boolean(),
      changed_by: z.string(),
      changed_at: instant,
      /** Why an agent was suspended or resumed. */
      reason: z.string().optional(),
      entry: compactJws,
    }),
  ),
  next: z.int().positive().optional(),
});
export type VersionsAnswer = z.infer<typeof versionsAnswer>;

/** One document of a file that registers entries (`sallyport apply -f`, the bootstrap file): YAML or JSON, one or many. */
export const entryDocument = z.strictObject({ kind: registryKind, id: entryId, spec: z.unknown() });
export type EntryDocument = z.infer<typeof entryDocument>;
