import { z } from 'zod';

export const actionType = z.strictObject({
  /** JSON Schema (2020-12) of `action.properties`. Must be closed: unlisted properties are refused. */
  properties_schema: z.record(z.string(), z.unknown()),
  risk: z.enum(['low', 'medium', 'high', 'critical']),
  /** One sentence with {placeholders} of properties, rendered by the gate; `{amount}` writes `amount_minor` and `currency` as money. */
  view: z.string().max(1_024),
});
export type ActionType = z.infer<typeof actionType>;
