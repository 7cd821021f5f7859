import { z } from 'zod';
import { compactJws } from '../ids.js';
import { countedVote } from '../person-statements.js';
import { facts, requestEvidence } from '../statements.js';

/** `POST /v1/judgements` (service JWT): judge an accepted action again. Reserves nothing. */
export const judgementBody = z.strictObject({
  purpose: z.enum(['vote', 'redeem']),
  evidence: requestEvidence,
  votes: z.array(countedVote).optional(),
});
export type JudgementBody = z.infer<typeof judgementBody>;

export const judgementAnswer = z.object({ verdict: compactJws, facts });
export type JudgementAnswer = z.infer<typeof judgementAnswer>;
