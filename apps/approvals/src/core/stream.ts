import type { ApprovalStreamEvent } from '#contracts';
import type { ApprovalState } from './approval.js';

export interface Change {
  actionId: string;
  version: number;
  state: ApprovalState;
  /** The groups that have a part in its plan. */
  groups: readonly string[];
  /** Whoever was given a seat in it, also where that is over. */
  receivers: readonly string[];
}

/** Somebody who listens. */
export interface Listening {
  person: string;
  sight: readonly string[] | 'all';
}

/** What this person is told of these changes: of what lists show them, and of nothing else. */
export function told(changes: readonly Change[], { person, sight }: Listening): ApprovalStreamEvent[] {
  const sees = ({ groups, receivers }: Change): boolean =>
    sight === 'all' || groups.some((group) => sight.includes(group)) || receivers.includes(person);
  const seen = changes.filter(sees);
  return seen.map(({ actionId, version, state }) => ({ type: typeOf(state, version), id: actionId, version }));
}

function typeOf(state: ApprovalState, version: number): 'opened' | 'changed' | Exclude<ApprovalState, 'open'> {
  if (state !== 'open') return state;
  return version === 1 ? 'opened' : 'changed';
}

/** The digits of a transaction's number (64 bit); anything else is no place in the changes. */
export const isPlace = (text: string): boolean => /^\d{1,19}$/u.test(text);

/**
 * Server-sent events (HTML section 9.2.6). The place goes with the last one only: a client that loses the connection
 * between two of them comes back with the place before, and is told both again.
 */
export function framesOf(events: readonly ApprovalStreamEvent[], place: string): string {
  const frames = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n`);
  return frames.map((frame, at) => (at === frames.length - 1 ? `id: ${place}\n${frame}\n` : `${frame}\n`)).join('');
}

/** Moves the client's place on without telling it anything, and keeps the connection from looking idle. */
export const placeFrame = (place: string): string => `id: ${place}\n\n`;
