import { requestValue, type Verdict } from '#contracts';

/** What people are told about one action, from the signed verdict and the frozen request. No text of the agent is in it. */
export interface Audience {
  headline: string;
  severity: string;
  /** In the order of the plan; empty when nobody had to decide. */
  stages: { stage: number; group: string }[];
  /** Groups that policy names besides those that decide. */
  notify: string[];
  /** Present when an emergency rule released the action: the group that owes the review. */
  emergency?: { rule: string; group: string };
}

const severities = ['low', 'medium', 'high', 'critical'];

/** People who decide, who are to be told, or who owe a review. */
export function namesSomebody({ plan, obligations }: Verdict): boolean {
  return plan !== undefined || obligations.notify.length > 0 || obligations.review !== undefined;
}

/** @param frozen the exact request text of the evidence */
export function audienceOf(verdict: Verdict, frozen: string): Audience | undefined {
  const request = requestValue.safeParse(parse(frozen));
  if (!request.success) return undefined;
  const { action, resource, subject } = request.data;
  const { review, notify } = verdict.obligations;
  const worst = Math.max(0, ...verdict.findings.map((finding) => severities.indexOf(finding.severity)));
  return {
    headline: `${action.name} on ${resource.id}, asked by ${subject.id}`,
    severity: severities[worst] ?? 'low',
    stages: (verdict.plan?.stages ?? []).map(({ stage, group }) => ({ stage, group })),
    notify,
    ...(verdict.code === 'emergency_rule' && review !== undefined
      ? { emergency: { rule: review.rule, group: review.group } }
      : {}),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
