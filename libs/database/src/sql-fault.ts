import { Fault, isError, type FaultCode } from '#platform';

interface Kind {
  code: FaultCode;
  retryable: boolean;
}

const unavailable: Kind = { code: 'database_unavailable', retryable: true };
const conflict: Kind = { code: 'database_conflict', retryable: true };
const timeout: Kind = { code: 'database_timeout', retryable: true };
const failed: Kind = { code: 'statement_failed', retryable: false };

/**
 * By SQLSTATE (PostgreSQL appendix A), the longest prefix first. Also waited for: a schema that is behind the code (42P01, 42703, 3F000), missing grants
 * (42501), a server that turned read-only (25006), refused logins (28): a roll-out or a fail-over must hold events up and never turn them into verdicts.
 */
const bySqlState: readonly (readonly [prefix: string, kind: Kind])[] = [
  ['40001', conflict],
  ['40P01', conflict],
  ['57014', timeout],
  ['55P03', timeout],
  ['25P03', timeout],
  ['25P04', timeout],
  ['42P01', unavailable],
  ['42703', unavailable],
  ['42883', unavailable],
  ['42501', unavailable],
  ['3F000', unavailable],
  ['3D000', unavailable],
  ['25006', unavailable],
  ['08', unavailable],
  ['28', unavailable],
  ['40', unavailable],
  ['53', unavailable],
  ['57', unavailable],
  ['58', unavailable],
  ['XX', unavailable],
];

/** What node:net and the resolver say. */
const networkCodes = new Set([
  'ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT',
]); // prettier-ignore

/** pg reports the state of its connection in words only. */
const driverWords =
  /connection|terminated|not queryable|timeout expired|timeout exceeded|after calling end|from backend/iu;

/** The SQLSTATE of a failed statement, for the few callers to whom a constraint says something ('23505': there is one already); looks through a Fault. */
export function sqlStateOf(error: unknown): string | undefined {
  const origin: unknown = error instanceof Fault ? error.cause : error;
  const { code } = (origin ?? {}) as { code?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/u.test(code) && !networkCodes.has(code) ? code : undefined;
}

/** The name of the constraint that a failed statement met, if it met one. */
export function constraintOf(error: unknown): string | undefined {
  const origin: unknown = error instanceof Fault ? error.cause : error;
  const { constraint } = (origin ?? {}) as { constraint?: unknown };
  return typeof constraint === 'string' ? constraint : undefined;
}

/** Turns what pg throws into a Fault; what is no error of the database (a TypeError in a parameter, say) is returned as it is. */
export function sqlFault(error: unknown): unknown {
  if (error instanceof Fault || !isError(error)) return error;
  const kind = kindOf(error);
  if (kind === undefined) return error;
  const state = sqlStateOf(error);
  return new Fault(kind.code, {
    retryable: kind.retryable,
    message: state === undefined ? 'no working connection to the database' : `a statement ended with SQLSTATE ${state}`,
    cause: error,
  });
}

function kindOf(error: Error): Kind | undefined {
  const { code } = error as { code?: unknown };
  if (typeof code === 'string' && networkCodes.has(code)) return unavailable;
  const state = sqlStateOf(error);
  if (state !== undefined) return bySqlState.find(([prefix]) => state.startsWith(prefix))?.[1] ?? failed;
  if (error.message === 'Query read timeout') return timeout;
  // A bug that throws a TypeError must not look like an outage because of its words.
  return error.name === 'Error' && driverWords.test(error.message) ? unavailable : undefined;
}
