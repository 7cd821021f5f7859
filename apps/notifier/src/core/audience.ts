import { requestValue, type Plan, type Verdict } from '#contracts';

/** What people are told about one action, from the signed verdict and the frozen request. No text of the agent is in it. */
export interface Audience {
  headline: string;
  severity: string;
  /**
   * Who is told when which stage begins, in the order of the plan; empty when nobody had to decide. Groups with a veto are
   * told with the first: a no that comes in time is one that was asked for in time.
   */
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

/** The part of a verdict that says who is concerned. */
export type JudgedFor = Pick<Verdict, 'plan' | 'obligations' | 'findings' | 'code'>;

/** @param frozen the exact request text of the evidence */
export function audienceOf(verdict: JudgedFor, frozen: string): Audience | undefined {
  const request = requestValue.safeParse(parse(frozen));
  if (!request.success) return undefined;
  const { action, resource, subject } = request.data;
  const { review, notify } = verdict.obligations;
  const worst = Math.max(0, ...verdict.findings.map((finding) => severities.indexOf(finding.severity)));
  return {
    headline: `${action.name} on ${resource.id}, asked by ${subject.id}`,
    severity: severities[worst] ?? 'low',
    stages: toldWhen(verdict.plan),
    notify,
    ...(verdict.code === 'emergency_rule' && review !== undefined
      ? { emergency: { rule: review.rule, group: review.group } }
      : {}),
  };
}

function toldWhen(plan: Plan | undefined): Audience['stages'] {
  const stages = (plan?.stages ?? []).map(({ stage, group }) => ({ stage, group }));
  const first = Math.min(...stages.map(({ stage }) => stage));
  return [...stages, ...(plan?.veto ?? []).map((group) => ({ stage: first, group }))];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
