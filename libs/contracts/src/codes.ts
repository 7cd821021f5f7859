import { z } from 'zod';

/** What the gate says back. */
export const outcomeNames = [
  'rejected', 'denied', 'pending', 'offered', 'expired', 'cancelled', 'refused', 'released', 'ended',
] as const; // prettier-ignore
export const outcomeName = z.enum(outcomeNames);
export type OutcomeName = z.infer<typeof outcomeName>;

export const terminalOutcomes: ReadonlySet<OutcomeName> = new Set([
  'rejected', 'denied', 'expired', 'cancelled', 'refused', 'ended',
]); // prettier-ignore

/** States over HTTP: `accepted`, then the last outcome. */
export const actionState = z.enum(['accepted', ...outcomeNames]);
export type ActionState = z.infer<typeof actionState>;

export const deniedCode = z.enum([
  'policy_denied', 'person_denied', 'no_eligible_approver', 'policy_unsatisfiable', 'engine_error',
  'unknown_resource', 'claim_contradicts_fact', 'pending_limit',
]); // prettier-ignore
export const offeredCode = z.enum(['policy_allowed', 'approved', 'emergency_rule']);
export const expiredCode = z.enum(['approval_expired', 'offer_expired']);
export const cancelledCode = z.enum([
  'agent_cancelled', 'superseded', 'withdrawn', 'stopped', 'agent_suspended', 'kill_switch',
]); // prettier-ignore
export const refusedCode = z.enum(['policy_changed', 'evidence_invalid', 'profile_mismatch', 'mint_failed']);
export const endedCode = z.enum([
  'completed', 'ttl', 'agent_cancelled', 'superseded', 'withdrawn', 'stopped', 'agent_suspended', 'kill_switch',
  'replayed', 'result_lost',
]); // prettier-ignore
/** Why an ask to end an action was made (it follows the action from holder to holder). */
export const cancelCode = z.enum(['agent_cancelled', 'superseded', 'withdrawn', 'stopped']);
/** Why an action waits; stands beside `pending`. */
export const pendingCode = z.enum(['approval_required', 'question_asked']);

export type DeniedCode = z.infer<typeof deniedCode>;
export type OfferedCode = z.infer<typeof offeredCode>;
export type CancelledCode = z.infer<typeof cancelledCode>;
export type RefusedCode = z.infer<typeof refusedCode>;
export type EndedCode = z.infer<typeof endedCode>;
export type PendingCode = z.infer<typeof pendingCode>;
export type CancelCode = z.infer<typeof cancelCode>;
