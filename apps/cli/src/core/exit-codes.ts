/** What the command's exit status means; documented in the README. */
export const exitCodes = { ok: 0, negative: 1, usage: 2, unavailable: 3, denied: 4, expired: 5 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The status for an answer that is a problem (RFC 9457). */
export function exitOf(problem: { status: number; code: string }): ExitCode {
  if (problem.status === 401 || problem.status === 403) return exitCodes.denied;
  if (problem.status === 410) return exitCodes.expired;
  if (problem.status === 429 || problem.status >= 500) return exitCodes.unavailable;
  return exitCodes.negative;
}
