import { z } from 'zod';
import { entryId, instant, uuidv7 } from '../ids.js';

/** What can be stopped apart from everything: what belongs to one agent, profile or target, or to one action by its name. */
export const killPart = z.enum(['agent', 'profile', 'target', 'action']);
export type KillPart = z.infer<typeof killPart>;
export const killScope = z.enum(['global', ...killPart.options]);
export type KillScope = z.infer<typeof killScope>;

const reason = z.string().min(1).max(4_096);

/** `id` names the agent, profile or target, or is the action's name; for `global` there is none. */
export const pullBody = z.discriminatedUnion('scope', [
  z.strictObject({ scope: z.literal('global'), reason }),
  z.strictObject({ scope: killPart, id: entryId, reason }),
]);
export type PullBody = z.infer<typeof pullBody>;

/** `confirmed`: the secret of the page on which this very pull was confirmed with a security key, of an officer who has one. */
const confirmed = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/u)
  .optional();
export const pullCall = z.discriminatedUnion('scope', [
  z.strictObject({ scope: z.literal('global'), reason, confirmed }),
  z.strictObject({ scope: killPart, id: entryId, reason, confirmed }),
]);
export type PullCall = z.infer<typeof pullCall>;

/** It is committed: nothing in its scope is released or used from here on. `live` leases are being ended. */
export const pullAnswer = z.object({ id: uuidv7, epoch: z.int().positive(), live: z.int().nonnegative() });
export type PullAnswer = z.infer<typeof pullAnswer>;

/** The first of two people answers `released: false`, and one is still waited for. */
export const releaseAnswer = z.object({ id: uuidv7, released: z.boolean(), waits_for: z.int().nonnegative() });
export type ReleaseAnswer = z.infer<typeof releaseAnswer>;

/** A pull in force, and how far its work is. */
export const pullLine = z.object({
  id: uuidv7,
  epoch: z.int().positive(),
  scope: killScope,
  scope_id: entryId.optional(),
  reason: z.string(),
  by: entryId,
  pulled_at: instant,
  /** Leases of its scope that were there before it and are not over. */
  live: z.int().nonnegative(),
  /** Of those that were live when it was pulled, how many are over, verified. */
  ended: z.int().nonnegative(),
  /** Of the live ones, those whose end has failed at least three times. */
  stuck: z.int().nonnegative(),
  /** Where they are stuck. */
  stuck_at: z.array(z.object({ target: entryId, leases: z.int().positive() })),
  /** Somebody has asked for its release; `waits_for` others are needed. */
  release: z.object({ by: entryId, at: instant, reason: z.string(), waits_for: z.int().positive() }).optional(),
});
export type PullLine = z.infer<typeof pullLine>;

export const pullsAnswer = z.object({ pulls: z.array(pullLine) });
export type PullsAnswer = z.infer<typeof pullsAnswer>;
