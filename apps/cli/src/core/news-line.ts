import type { ApprovalsAnswer } from '#contracts';

/** One line about one request: what happened to it, and whatever one needs to look at it. */
export function newsLine(what: string, line: ApprovalsAnswer['approvals'][number]): string {
  const { action_id, severity, group, deadline_at, headline } = line;
  return `${what.padEnd(9)}  ${action_id}  ${severity.padEnd(8)}  ${group}, until ${deadline_at}  ${headline}`;
}
