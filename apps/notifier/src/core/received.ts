import { personRecipient, type DataOf, type approvalDelegated } from '#contracts';
import type { Due } from './told.js';

/** Who hears that they received a seat: whoever received it, and nobody when it was taken back. */
export function receivedBy({ action_id: actionId, stands, to }: DataOf<typeof approvalDelegated>): Due[] {
  return stands ? [{ actionId, kind: 'delegated', group: personRecipient(to), stage: 0, code: null }] : [];
}
