import type { RequestValue, Verdict } from '#contracts';
import { groupsOf } from '#trust';
import type { Summary } from './approval.js';

const bySeverity = ['low', 'medium', 'high', 'critical'];

/** What people are told: no word of the agent's text is in it. */
export function summaryOf(request: RequestValue, verdict: Verdict, groups: string[] = []): Summary {
  return {
    action: request.action.name,
    resource: request.resource.id,
    severity: severest(verdict),
    groups: verdict.plan === undefined ? groups : groupsOf(verdict.plan),
    notify: verdict.obligations.notify,
  };
}

function severest(verdict: Verdict): string {
  const ranks = verdict.findings.map((finding) => bySeverity.indexOf(finding.severity));
  return bySeverity[Math.max(0, ...ranks)] ?? 'low';
}
