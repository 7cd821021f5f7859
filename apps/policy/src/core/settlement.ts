import type { OutcomeName } from '#contracts';

/** What becomes of money that was reserved: it is gone for a day, or free again. */
export type Settlement = 'spent' | 'free';

/**
 * What an outcome says about the money of an action that policy has passed on. Only the two services that can hold the
 * action then are listed: a request refused at the door may bear the id of an action that goes on.
 */
const settlements: ReadonlyMap<string, Partial<Record<OutcomeName, Settlement>>> = new Map([
  ['approvals', { denied: 'free', expired: 'free', cancelled: 'free' }],
  ['credentials', { released: 'spent', ended: 'spent', refused: 'free', expired: 'free', cancelled: 'free' }],
]);

/** @param service whoever signed it */
export function settlementOf(service: string, outcome: OutcomeName): Settlement | undefined {
  return settlements.get(service)?.[outcome];
}
