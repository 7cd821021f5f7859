import { z } from 'zod';

/** How a list is shown that is too long to be shown in full: how many there are, the first of them, and sums over all. */
export const rowsSummary = z.strictObject({
  first: z.int().min(0).max(20),
  /** Members with whole numbers; where `by` names another member, each value of that one has a sum of its own: amounts by currency. */
  sums: z
    .array(z.strictObject({ field: z.string().min(1), by: z.string().min(1).optional() }))
    .max(4)
    .default([]),
});
export type RowsSummary = z.infer<typeof rowsSummary>;

export const actionType = z.strictObject({
  /** JSON Schema (2020-12) of `action.properties`. Must be closed: unlisted properties are refused. */
  properties_schema: z.record(z.string(), z.unknown()),
  risk: z.enum(['low', 'medium', 'high', 'critical']),
  /** One sentence with {placeholders} of properties, rendered by the gate; `{amount}` writes `amount_minor` and `currency` as money. */
  view: z.string().max(1_024),
  /** By property. A value that is too long to show, and has no summary here, is refused. */
  summaries: z.record(z.string(), rowsSummary).optional(),
});
export type ActionType = z.infer<typeof actionType>;
