import { z } from 'zod';
import { entryId, instant } from '../ids.js';

/** Somebody who logs in at a target without the gate, and reaches what the profiles there are for. */
export const outsider = z.object({
  account: z.string(),
  /** The agent that names it as its own. Without one, nobody has said whose it is. */
  agent: entryId.optional(),
  superuser: z.boolean(),
  /** Installed profiles whose tables it reaches, and how many of these it may read and change, now or by SET ROLE. */
  profiles: z.array(z.string()),
  reads: z.int().nonnegative(),
  changes: z.int().nonnegative(),
});
export type Outsider = z.infer<typeof outsider>;

/** `GET /v1/targets/{target}/access`. `absent`: what agents name as theirs there, and what does not reach anything there. */
export const targetAccess = z.object({
  target: entryId,
  /** By the target's own clock. */
  looked_at: instant,
  accounts: z.array(outsider),
  absent: z.array(z.object({ agent: entryId, account: z.string() })),
});
export type TargetAccess = z.infer<typeof targetAccess>;
