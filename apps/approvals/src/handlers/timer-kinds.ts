import type { TimerToSet } from '#database';
import type { WaitsFor } from '../core/waits-for.js';

/**
 * Kinds of this service's timers; `ref` is the action id, for sweeps the agent id, for rerouting the group (and behind which action to go on), for
 * seats the person. */
export const expireTimer = 'expire-approval';
export const escalateTimer = 'escalate-approval';
export const goOnTimer = 'go-on-at-once';
export const sweepTimer = 'sweep-agent';
export const suspendTimer = 'suspend-agent';
export const rerouteTimer = 'reroute-group';
export const rerouteAgainTimer = 'reroute-group-again';
export const endSeatsTimer = 'end-seats';
export const endSeatsAgainTimer = 'end-seats-again';

/** A copy of the registry that lags may open what the first sweep could not see; nothing lags longer than this. */
export const secondSweepSeconds = 30;

/** The clock of what begins to wait; `inVain`: for people who are not there. */
export function timersOf(ref: string, waits: WaitsFor, inVain = false): TimerToSet[] {
  const goOn = inVain ? [{ kind: goOnTimer, ref, dueAt: { seconds: 0 } }] : [];
  return [{ kind: expireTimer, ref, dueAt: waits.deadlineAt }, ...nextGroupTimers(ref, waits), ...goOn];
}

/** One that comes too late, because people have decided meanwhile, finds nothing to do. */
export function nextGroupTimers(ref: string, { escalateAt }: WaitsFor): TimerToSet[] {
  return escalateAt === undefined ? [] : [{ kind: escalateTimer, ref, dueAt: escalateAt }];
}
