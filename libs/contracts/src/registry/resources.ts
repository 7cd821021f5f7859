import { z } from 'zod';
import { entryId, instant } from '../ids.js';

/** A weekly window in local time, or a single one between two instants. */
export const changeWindow = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('weekly'),
    id: z.string(),
    weekday: z.int().min(0).max(6),
    from: z.string().regex(/^\d{2}:\d{2}$/u),
    minutes: z.int().positive().max(10_080),
    time_zone: z.string(),
  }),
  z.strictObject({ kind: z.literal('once'), id: z.string(), from: instant, until: instant }),
]);
export type ChangeWindow = z.infer<typeof changeWindow>;

export const resource = z.strictObject({
  type: z.string().min(1).max(128),
  environment: z.enum(['production', 'staging', 'development']),
  owner_group: entryId,
  classification: z.enum(['public', 'internal', 'confidential', 'restricted']),
  criticality: z.enum(['low', 'medium', 'high', 'critical']),
  windows: z.array(changeWindow).max(100).default([]),
  fields: z
    .array(
      z.strictObject({
        name: z.string(),
        classification: z.enum(['public', 'internal', 'confidential', 'restricted']),
        secret: z.boolean(),
      }),
    )
    .max(1_000)
    .default([]),
});
export type Resource = z.infer<typeof resource>;
