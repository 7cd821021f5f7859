/** Kinds of this service's timers; `ref` is the action id, or for sweeps the agent id. */
export const expireTimer = 'expire-approval';
export const sweepTimer = 'sweep-agent';
export const suspendTimer = 'suspend-agent';

/** A copy of the registry that lags may open what the first sweep could not see; nothing lags longer than this. */
export const secondSweepSeconds = 30;
