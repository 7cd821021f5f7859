import { isRetryable } from '#platform';
import { causesOf, type Thrown } from '../causes.js';

/** What node:net, the resolver and undici say when the other end is not there. */
const networkCodes = new Set([
  'ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN',
]); // prettier-ignore

/**
 * True when the same work can succeed later without a change to code or event. Such an error is never held against an
 * event: it waits. `fetch` hides the network's error as the cause of a TypeError, so causes are looked at too.
 */
export function isInfrastructure(error: unknown): boolean {
  for (const cause of causesOf(error)) if (isRetryable(cause) || isNetworkError(cause)) return true;
  return false;
}

function isNetworkError({ name, code }: Thrown): boolean {
  if (typeof code === 'string' && (networkCodes.has(code) || code.startsWith('UND_ERR_'))) return true;
  return name === 'TimeoutError' || name === 'AbortError';
}
