import { z } from 'zod';
import { actionState } from '../codes.js';
import { digest, instant, uuidv7 } from '../ids.js';
import { signedOutcome } from '../statements.js';

export const submitAnswer = z.object({ action_id: uuidv7, state: actionState, status_url: z.string() });

export const actionAnswer = z.object({
  action_id: uuidv7,
  agent_id: z.string(),
  action_digest: digest.optional(),
  state: actionState,
  code: z.string().optional(),
  reasons: z.array(z.object({ code: z.string(), text: z.string() })),
  lease: z
    .object({ id: uuidv7, redeem_url: z.string(), offer_expires_at: instant, profile: z.string(), mode: z.string() })
    .optional(),
  approval: z.object({ expires_at: instant }).optional(),
  ask_again_at: instant.optional(),
  /** The last question of a person; a new request that names this one in `context.supersedes` answers it. Told here only, to whoever proves who they are. */
  question: z.object({ text: z.string(), asked_at: instant }).optional(),
  history: z.array(z.object({ state: actionState, code: z.string().optional(), at: instant })),
  /** The last outcome exactly as its holder signed it, so that the agent need not believe this answer. Absent while `accepted`. */
  outcome: signedOutcome.optional(),
});
export type ActionAnswer = z.infer<typeof actionAnswer>;
