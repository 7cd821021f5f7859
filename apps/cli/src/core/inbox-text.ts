import type { ApprovalsAnswer } from '#contracts';
import { table } from './say.js';

/** One line for each shape of request, most urgent first, and how to see those that stand behind one line. */
export function inboxText({ approvals }: ApprovalsAnswer): string {
  if (approvals.length === 0) return 'Nothing waits for you.';
  const rows = approvals.map((a) => [a.action_id, a.severity, a.group, a.deadline_at, what(a)]);
  const lines = table(['action', 'severity', 'group', 'until', 'what'], rows);
  const crowd = approvals.find(({ count }) => count > 1);
  if (crowd === undefined) return lines;
  return `${lines}\nRequests that look alike share a line, and each is decided by itself: sallyport approvals list --like ${crowd.action_id}`;
}

const what = ({ count, headline }: ApprovalsAnswer['approvals'][number]): string =>
  count === 1 ? headline : `${String(count)} alike: ${headline}`;
