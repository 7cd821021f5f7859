import type { LeaseState, OutcomeName } from '#contracts';
import type { Change } from './lease.js';

/** What is said about a change: the event of this service, and the outcome inside it that the agent is told. */
export interface Telling {
  event: 'released' | 'refused' | 'lapsed' | 'cancelled' | 'ended';
  outcome: OutcomeName;
  code: string;
  reasons: string[];
}

const tellings: Partial<Record<LeaseState, Pick<Telling, 'event' | 'outcome' | 'code'>>> = {
  active: { event: 'released', outcome: 'released', code: 'released' },
  lapsed: { event: 'lapsed', outcome: 'expired', code: 'offer_expired' },
  cancelled: { event: 'cancelled', outcome: 'cancelled', code: 'cancelled' },
  refused: { event: 'refused', outcome: 'refused', code: 'refused' },
  ended: { event: 'ended', outcome: 'ended', code: 'ended' },
};

/** Undefined for the states that nobody outside needs to know of: a mint under way, and an end that is not verified yet. */
export function tellingOf({ to, code, reasons }: Pick<Change, 'to' | 'code' | 'reasons'>): Telling | undefined {
  const telling = tellings[to];
  return telling && { ...telling, code: code ?? telling.code, reasons };
}
