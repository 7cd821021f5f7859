import { z } from 'zod';

export const counterparty = z.strictObject({
  name: z.string().min(1).max(256),
  approved: z.boolean(),
  /** A signed data processing agreement. */
  dpa: z.boolean(),
  country: z.string().regex(/^[A-Z]{2}$/u),
  /** What it may receive: `<resource id>#<field>`, or `secret` for secret fields at all. */
  entitlements: z.array(z.string()).max(1_000),
});
export type Counterparty = z.infer<typeof counterparty>;
