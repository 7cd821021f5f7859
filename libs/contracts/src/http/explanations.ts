import { z } from 'zod';
import { requestEvidence } from '../statements.js';

/** `POST /v1/explanations` (service JWT of policy): what would the target do with the statement of this accepted action? Runs nothing. */
export const explanationBody = z.strictObject({ evidence: requestEvidence });
export type ExplanationBody = z.infer<typeof explanationBody>;

/**
 * Why there is no plan. `no_plan`: it reads and changes no rows by itself, as DDL. `changes_rows`: it changes or locks rows, and PostgreSQL gives a
 * plan of that only to a role that may do it, which the one that explains may not. `unknown_function`: a function that planning could run and
 * that may do anything. `refused`: the target does not take it, `sqlstate` says why. `stopped`: the agent is suspended, or the kill switch pulled.
 */
export const whyUnexplained = z.enum([
  'unparsed', 'several_statements', 'no_plan', 'changes_rows', 'unknown_function', 'refused', 'profile_mismatch', 'stopped', 'not_installed', 'unavailable',
]); // prettier-ignore
export type WhyUnexplained = z.infer<typeof whyUnexplained>;

/** What EXPLAIN says, without any value or expression: only what is touched, and how much of it by the target's own estimate. */
export const explanation = z.discriminatedUnion('explained', [
  z.strictObject({
    explained: z.literal(true),
    /** Read or changed. */
    rows: z.number().nonnegative(),
    cost: z.number().nonnegative(),
    /** The steps of the plan, each below what it feeds. */
    steps: z.array(z.string().max(256)).max(32),
  }),
  z.strictObject({
    explained: z.literal(false),
    why: whyUnexplained,
    sqlstate: z
      .string()
      .regex(/^[0-9A-Z]{5}$/u)
      .optional(),
  }),
]);
export type Explanation = z.infer<typeof explanation>;
