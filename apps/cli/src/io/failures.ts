import { z } from 'zod';

export const problemShape = z.object({
  status: z.int(),
  code: z.string(),
  title: z.string(),
  todo: z.string().optional(),
  why: z.string().optional(),
  detail: z.string().optional(),
});
export type GateProblem = z.infer<typeof problemShape>;

/** The gate said no, in its own words. */
export class Refused extends Error {
  /** @param retryAfter seconds, where the gate named them */
  constructor(
    readonly problem: GateProblem,
    readonly retryAfter?: string,
  ) {
    super(problem.code);
  }
}

/** A target answered, and said no. */
export class TargetRefused extends Error {}

/** A step that must not be taken now: nothing was changed. */
export class StepRefused extends Error {}

/** No answer, or none that makes sense. */
export class Unreachable extends Error {}
