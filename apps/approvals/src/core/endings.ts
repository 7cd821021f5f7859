import type { CancelCode } from '#contracts';
import type { Ending, Held } from './approval.js';

/** Silence ends a request when its time is over; before that, and after any other end, there is nothing to expire. */
export function expire(held: Pick<Held, 'state' | 'deadlineAt' | 'now'>): Ending | 'not_yet' | 'nothing' {
  if (held.state !== 'open') return 'nothing';
  return held.now >= held.deadlineAt ? { state: 'expired', code: 'approval_expired' } : 'not_yet';
}

/** What an ask to end does to what is held: an open request ends here, a granted one is asked for again behind the grant. */
export type Asked = { act: 'end'; ending: Ending } | { act: 'pass_on' } | { act: 'nothing' };

export function askedToEnd(held: Pick<Held, 'state'>, code: CancelCode): Asked {
  if (held.state === 'open') return { act: 'end', ending: { state: 'cancelled', code } };
  return held.state === 'granted' ? { act: 'pass_on' } : { act: 'nothing' };
}

/** A suspended agent's open requests end. What was granted is swept by the service that holds the lease. */
export function suspended(held: Pick<Held, 'state'>): Ending | undefined {
  return held.state === 'open' ? { state: 'cancelled', code: 'agent_suspended' } : undefined;
}

/** An event about a held action cannot be read: what people decide on is in doubt, and doubt denies. */
export function unreadable(held: Pick<Held, 'state'>): Ending | undefined {
  return held.state === 'open' ? { state: 'denied', code: 'engine_error' } : undefined;
}

/** Too few people are left for an open plan. One that said whom to ask instead would ask them here. */
export const unsatisfiable: Ending = { state: 'denied', code: 'no_eligible_approver' };
