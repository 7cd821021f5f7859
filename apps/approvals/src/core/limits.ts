import type { Crowd, Waiting, WaitingLimits } from '#contracts';
import type { Opening } from './opening.js';

/** One opening of a slice, and for whom it would wait. */
export interface Asking {
  opening: Opening;
  waiting: Waiting;
  limits: WaitingLimits;
}

/** In the order of the slice: what would be one too many ends as it begins, and people never see it. */
export function heldToLimits({ limits, opening, waiting }: Asking, crowd: Crowd): Opening {
  if (opening.kind !== 'open' || crowd.take(waiting, limits)) return opening;
  return { kind: 'ended', ending: { state: 'denied', code: 'pending_limit' } };
}
