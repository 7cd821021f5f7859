import { z } from 'zod';
import { entryId, instant } from '../ids.js';

/** Something at a target that carries this gate's mark and belongs to no running lease. */
export const stranger = z.object({
  target: entryId,
  /** What the mark at the target says; not always a lease that this gate ever made. */
  lease_id: z.guid(),
  /** This gate held such a lease and it is over: it is removed without being asked about. */
  is_over: z.boolean(),
  found_at: instant,
  /** From here on nobody logs in with it, and what was open has been cut. */
  closed_at: instant.optional(),
  /** Somebody has said that it may be dropped. */
  confirmed: z.object({ by: entryId, at: instant, reason: z.string() }).optional(),
  /** The target was asked afterwards: it is gone. */
  dropped_at: instant.optional(),
});
export type Stranger = z.infer<typeof stranger>;

/** Those that are there, and those dropped in the last 30 days; newest first. */
export const strangersAnswer = z.object({ strangers: z.array(stranger) });
export type StrangersAnswer = z.infer<typeof strangersAnswer>;
