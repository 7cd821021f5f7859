import type { Known } from '#contracts';

/** An agent that may get and use nothing now: suspended, out of date, or not registered (any more). */
export function isSuspended(agent: Known<'agents'> | null, now: Date): boolean {
  if (agent === null || agent.spec.state !== 'active') return true;
  const { expires_at } = agent.spec;
  return expires_at !== undefined && new Date(expires_at) <= now;
}
