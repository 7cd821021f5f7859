import type { Plan, Verdict } from '#contracts';
import { samePlan } from '#trust';

/** What policy's second look, taken before an approving vote counts, does to the plan. */
export type Rejudged = 'denied' | 'stands' | 'replaced';

/**
 * Allow leaves the plan as it stands: policy may ask for less by now, but people were asked. A plan or a confirmed
 * fact that differs makes a new plan, because the votes were given to another one.
 */
export function rejudge(plan: Plan, verdict: Verdict): Rejudged {
  if (verdict.outcome === 'deny') return 'denied';
  if (verdict.outcome === 'allow') return 'stands';
  if (verdict.plan === undefined || verdict.grant === undefined) return 'denied';
  return samePlan(plan, verdict.plan) ? 'stands' : 'replaced';
}
