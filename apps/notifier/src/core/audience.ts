import { recipientOf, requestValue, type Plan, type Recipient, type Verdict } from '#contracts';
import { sourcesOf } from '#trust';

/** What people are told about one action, from the signed verdict and the frozen request. No text of the agent is in it. */
export interface Audience {
  headline: string;
  severity: string;
  /**
   * Who is told when which stage begins, in the order of the plan; empty when nobody had to decide. Groups with a veto are
   * told with the first: a no that comes in time is one that was asked for in time. So are all, where all stages begin at once. `next`: only when nobody
   * else has decided for long enough.
   */
  stages: { stage: number; group: Recipient; next?: true }[];
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
  const all = plan?.stages ?? [];
  const first = Math.min(...all.map(({ stage }) => stage));
  const begins = (stage: number): number => (plan?.parallel === true ? first : stage);
  const stages = all.flatMap((one) =>
    sourcesOf(one).map((source) => ({ stage: begins(one.stage), group: recipientOf(source) })),
  );
  const next = all.flatMap(({ escalate, stage }) =>
    escalate === undefined ? [] : [{ stage: begins(stage), group: escalate.to, next: true as const }],
  );
  return [...stages, ...next, ...(plan?.veto ?? []).map((group) => ({ stage: first, group }))];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
