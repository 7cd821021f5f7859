/**
 * What can break below the product's own decisions. An expected outcome is a value and never one of these; a caller's mistake is a `ProblemError`.
 * The list is closed: an alert can be written for each code.
 */
export const faultCodes = [
  'database_unavailable',
  'database_conflict',
  'database_timeout',
  'statement_failed',
  'kafka_unavailable',
  'kafka_refused',
  'registry_unavailable',
  'policy_unavailable',
  'target_unavailable',
  'channel_unavailable',
  'peer_unavailable',
  'engine_failed',
  'settings_invalid',
  'internal',
] as const;

export type FaultCode = (typeof faultCodes)[number];

export interface FaultDetails {
  /** Said where the fault is born: waiting and doing the same again can help. */
  retryable: boolean;
  /** Lower case, no full stop, never a secret, a token or an event's body. */
  message?: string;
  cause?: unknown;
}

/** An infrastructure fault: the work waits and is done again, or stops visibly; it is never turned into a verdict. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly retryable: boolean;

  constructor(code: FaultCode, { retryable, message, cause }: FaultDetails) {
    super(message ?? code, cause === undefined ? undefined : { cause });
    this.name = 'Fault';
    this.code = code;
    this.retryable = retryable;
  }
}

/** True for a fault that its maker marked as worth another attempt; anything unknown (a TypeError, say) is not. */
export function isRetryable(error: unknown): boolean {
  return error instanceof Fault && error.retryable;
}
