import type { OutcomeName } from '#contracts';
import type { Change } from './lease.js';

/** What is said about a change: the event of this service, and the outcome inside it that the agent is told. */
export interface Telling {
  event: 'released' | 'refused' | 'lapsed' | 'cancelled' | 'ended';
  outcome: OutcomeName;
  code: string;
  reasons: string[];
}

/** Undefined for the two states that nobody outside needs to know of: a mint under way, and an end that is not verified yet. */
export function tellingOf({ to, code, reasons }: Pick<Change, 'to' | 'code' | 'reasons'>): Telling | undefined {
  switch (to) {
    case 'active':
      return { event: 'released', outcome: 'released', code: 'released', reasons };
    case 'lapsed':
      return { event: 'lapsed', outcome: 'expired', code: code ?? 'offer_expired', reasons };
    case 'cancelled':
    case 'refused':
    case 'ended':
      return { event: to, outcome: to, code: code ?? to, reasons };
    case 'offered':
    case 'minting':
    case 'ending':
      return undefined;
  }
}
