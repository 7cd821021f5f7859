import { z } from 'zod';
import { cancelCode } from '../codes.js';
import { digest, entryId, instant, uuidv7 } from '../ids.js';
import { signedOutcome } from '../statements.js';

/** The members that several events share. A change here is a change of each version that uses it: optional additions only. */
export const who = { action_id: uuidv7, agent_id: entryId };

/** Every `…cancel_requested`: the ask follows the action from holder to holder. */
export const cancelRequestedData = z.object({ ...who, code: cancelCode, by: z.string() });

/** What people are told; the decision itself is read at its door. */
export const summary = z.object({
  action: z.string(),
  resource: z.string(),
  severity: z.string(),
  groups: z.array(entryId),
  notify: z.array(entryId),
});

export const openedData = z.object({
  ...who,
  summary,
  stage: z.int().positive(),
  opened_at: instant,
  deadline_at: instant,
  /** As the agent named it. */
  task_id: z.string().max(256).optional(),
  outcome: signedOutcome,
});

export const closedData = z.object({
  ...who,
  code: z.string(),
  summary: summary.optional(),
  by: z.string().optional(),
  outcome: signedOutcome,
});

export const review = { ...who, review_id: uuidv7, rule: z.string(), group: entryId };

export const lease = { ...who, lease_id: uuidv7 };

/** A statement that the gate ran itself: what came of it, never the rows. */
export const executed = z.object({ digest, row_count: z.int().nonnegative() });

/** No lease exists when evidence was refused at offer; then there is no `lease_id`. */
export const leaseEndData = z.object({
  ...who,
  lease_id: uuidv7.optional(),
  code: z.string(),
  by: z.string().optional(),
  /** In the words of the person who ended it, if a person did. */
  reason: z.string().max(4_096).optional(),
  /** With `result_lost`: it ran, and its answer was lost. */
  result: executed.optional(),
  outcome: signedOutcome,
});
