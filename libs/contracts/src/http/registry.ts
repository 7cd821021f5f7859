import { z } from 'zod';
import { compactJws, entryId, thumbprint } from '../ids.js';
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
