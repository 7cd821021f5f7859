import { isRetryable } from '#platform';

/** What node:net, the resolver and undici say when the other end is not there. */
const networkCodes = new Set([
  'ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN',
]); // prettier-ignore

const deepest = 8;

/**
 * True when the same work can succeed later without a change to code or event. Such an error is never held against an
 * event: it waits. `fetch` hides the network's error as the cause of a TypeError, so causes are looked at too.
 */
export function isInfrastructure(error: unknown): boolean {
  let current: unknown = error;
  for (let depth = 0; depth < deepest && current instanceof Error; depth += 1) {
    if (isRetryable(current) || isNetworkError(current)) return true;
    current = current.cause;
  }
  return false;
}

function isNetworkError(error: Error): boolean {
  const { code } = error as { code?: unknown };
  if (typeof code === 'string' && (networkCodes.has(code) || code.startsWith('UND_ERR_'))) return true;
  return error.name === 'TimeoutError' || error.name === 'AbortError';
}
