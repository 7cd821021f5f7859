import { z } from 'zod';
import { entryId, money } from '../ids.js';
import { findingEffect, verdictOutcome } from '../statements.js';

/** A finding as the rules say it: codes and parameters, no text. The host adds titles from the rules' METADATA. */
const rawFinding = z.strictObject({
  rule: z.string().regex(/^[A-Z]+-\d{3}$/u),
  effect: findingEffect,
  code: z.string().regex(/^[a-z][a-z0-9_]*$/u),
  params: z.record(z.string(), z.unknown()),
});
export type RawFinding = z.infer<typeof rawFinding>;

/** Whom a rule wants. The owner group of the resource and the manager of the agent's principal are looked up by the host, from facts. */
const wantedSource = z.union([
  z.strictObject({ group: entryId }),
  z.strictObject({ person: entryId }),
  z.strictObject({ owner_group: z.literal(true) }),
  z.strictObject({ manager: z.literal(true) }),
]);
export type WantedSource = z.infer<typeof wantedSource>;

/** What people must do. Merged by (stage, people), strictest wins; the host numbers the stages of the plan in this order. */
const requiredApproval = z.strictObject({
  stage: z.int().positive(),
  /** One of the two. */
  group: entryId.optional(),
  from: z.array(wantedSource).optional(),
  quorum: z.number(),
  min_limit: money.optional(),
  confirmations: z.array(z.string()),
  /** Persons who may not decide, besides those that the host always excludes. */
  exclude: z.array(entryId),
  deadline_s: z.number().optional(),
  escalate: z.strictObject({ after_s: z.number(), to: entryId }).optional(),
});
export type RequiredApproval = z.infer<typeof requiredApproval>;

const requiredReview = z.strictObject({
  rule: z.string(),
  group: entryId,
  due_s: z.number(),
  incident: entryId.optional(),
});

/** What the rules say (`sallyport.decision/1`). Anything that does not fit this schema is a deny. */
export const policyDecision = z.strictObject({
  contract: z.literal('sallyport.decision/1'),
  decision: verdictOutcome,
  findings: z.array(rawFinding),
  /** What rules in mode `shadow` would have said; they change nothing. */
  shadow: z.array(rawFinding),
  /** Rules whose requirement an emergency rule waived. */
  waived: z.array(z.string()),
  obligations: z.strictObject({
    approvals: z.array(requiredApproval),
    /** All stages at once; only where every rule that asks people agrees. */
    parallel: z.boolean().optional(),
    /** Groups that may say no besides; every one that a rule names. */
    veto: z.array(entryId).optional(),
    /** Each approving vote is confirmed with a security key; one rule that asks for it is enough. */
    step_up: z.boolean().optional(),
    approval_ttl_s: z.number(),
    credential: z.strictObject({ ttl_s: z.number(), max_uses: z.number() }),
    offer_ttl_s: z.number(),
    post_review: z.array(requiredReview),
    notify: z.array(entryId),
  }),
});
export type PolicyDecision = z.infer<typeof policyDecision>;
