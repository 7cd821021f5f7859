import { z } from 'zod';
import { compactJws, entryId, money } from '../ids.js';
import { countedVote } from '../person-statements.js';
import { facts, requestEvidence } from '../statements.js';

/** `POST /v1/judgements` (service JWT): judge an accepted action again. Reserves nothing. */
export const judgementBody = z.strictObject({
  purpose: z.enum(['vote', 'redeem']),
  evidence: requestEvidence,
  votes: z.array(countedVote).optional(),
});
export type JudgementBody = z.infer<typeof judgementBody>;

/** `GET /v1/caps` (service JWT of credentials): what the rules in force let a credential be at most, whatever a profile allows. */
export const capsAnswer = z.object({ ttl_seconds: z.int().positive(), uses: z.int().positive() });
export type CapsAnswer = z.infer<typeof capsAnswer>;

export const judgementAnswer = z.object({ verdict: compactJws, facts });
export type JudgementAnswer = z.infer<typeof judgementAnswer>;

/** A group that the settings name, and how many of its people some rule may ask for at once. */
export const routingNeed = z.object({
  /** Where in the settings. */
  where: z.string(),
  group: entryId,
  quorum: z.int().positive(),
  /** The delegated limit that each of them needs at least. */
  min_limit: money.optional(),
  /** For which actions, as in the settings (`db.*`); absent for any. */
  actions: z.array(z.string()).optional(),
});
export type RoutingNeed = z.infer<typeof routingNeed>;

/** `GET /v1/routing` (service JWT). */
export const routingAnswer = z.object({ needs: z.array(routingNeed) });
export type RoutingAnswer = z.infer<typeof routingAnswer>;
