import { z } from 'zod';
import { entryId, instant, thumbprint } from '../ids.js';

const publicJwk = z.strictObject({
  kty: z.enum(['OKP', 'EC']),
  crv: z.enum(['Ed25519', 'P-256', 'X25519']),
  x: z.string(),
  y: z.string().optional(),
  kid: thumbprint,
  use: z.enum(['sig', 'enc']),
  alg: z.string().optional(),
});

export const agent = z.strictObject({
  /** Public keys only. A `kid` is the RFC 7638 thumbprint and unique over all agents. */
  jwks: z.strictObject({ keys: z.array(publicJwk).min(1).max(16) }),
  /** The person who answers for this agent. Never decides its requests. */
  owner: entryId,
  /** On whose behalf it may act. Never decide its requests. */
  principals: z.array(entryId).max(100),
  /** What it may ask for at all: action names and resource patterns (`*` = one segment, `**` = the rest). */
  scope: z.array(z.strictObject({ actions: z.array(z.string()).min(1), resources: z.array(z.string()).min(1) })),
  /** Per currency, in minor units, what it may pay or refund on its own, once and over 24 hours. */
  limits: z
    .array(
      z.strictObject({
        currency: z.string().regex(/^[A-Z]{3}$/u),
        single_minor: z.int().nonnegative(),
        daily_minor: z.int().nonnegative(),
      }),
    )
    .default([]),
  /** Accounts of its own at registered targets, which no lease gave it: with them it could do there what it asks the gate for. */
  outside_accounts: z.array(z.strictObject({ target: entryId, account: z.string().min(1).max(128) })).max(32).optional(),
  /** Requests per minute that intake accepts. */
  requests_per_minute: z.int().positive().default(600),
  /** How many of its requests may wait for people at once: in all, and under one `context.task_id`. */
  most_waiting: z.strictObject({ in_all: z.int().positive().optional(), per_task: z.int().positive().optional() }).optional(),
  environment: z.enum(['production', 'staging', 'development']),
  state: z.enum(['active', 'suspended']),
  /** `<name>` of its own topic `sallyport.outcomes.<name>.v1`. */
  outcomes: z.string().regex(/^[a-z0-9-]{1,64}$/u).optional(),
  expires_at: instant.optional(),
  description: z.string().max(1_024).optional(),
}); // prettier-ignore
export type Agent = z.infer<typeof agent>;
export type AgentKey = Agent['jwks']['keys'][number];
