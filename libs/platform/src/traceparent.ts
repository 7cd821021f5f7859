import { randomBytes } from 'node:crypto';

/** The parts of a W3C Trace Context `traceparent` header (https://www.w3.org/TR/trace-context/, section 3.2), version 00. */
export interface TraceContext {
  /** 32 lower-case hex digits, not all zero. */
  traceId: string;
  /** 16 lower-case hex digits, not all zero. */
  parentId: string;
  sampled: boolean;
}

const shape =
  /^(?<version>[0-9a-f]{2})-(?<traceId>[0-9a-f]{32})-(?<parentId>[0-9a-f]{16})-(?<flags>[0-9a-f]{2})(?<rest>-.*)?$/u;

type Parts = Record<'version' | 'traceId' | 'parentId' | 'flags', string> & { rest?: string };

/** Reads a header from outside; undefined for anything the specification says to ignore, so the caller starts a new trace. */
export function parseTraceparent(header: string | undefined): TraceContext | undefined {
  const parts = shape.exec(header ?? '')?.groups as Parts | undefined;
  if (parts === undefined || !isValid(parts)) return undefined;
  const { traceId, parentId, flags } = parts;
  return { traceId, parentId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** Version ff is invalid; version 00 ends after the flags, and later versions may go on; an id of zeros means "none". */
function isValid({ version, traceId, parentId, rest }: Parts): boolean {
  if (version === 'ff' || (version === '00' && rest !== undefined)) return false;
  return !isZero(traceId) && !isZero(parentId);
}

function isZero(id: string): boolean {
  return /^0+$/u.test(id);
}

export function formatTraceparent({ traceId, parentId, sampled }: TraceContext): string {
  return `00-${traceId}-${parentId}-${sampled ? '01' : '00'}`;
}

export function newTraceparent(): string {
  return formatTraceparent({ traceId: hex(16), parentId: hex(8), sampled: true });
}

/** The same trace, one step further; a new trace when the incoming header is absent or malformed. */
export function childTraceparent(header: string | undefined): string {
  const parent = parseTraceparent(header);
  return parent ? formatTraceparent({ ...parent, parentId: hex(8) }) : newTraceparent();
}

/** The 32 hex digits that lines in logs and rows in audit share, or undefined when there is no valid header. */
export function traceIdOf(header: string | undefined): string | undefined {
  return parseTraceparent(header)?.traceId;
}

function hex(bytes: number): string {
  const value = randomBytes(bytes).toString('hex');
  // All zeros mean "invalid" in the specification; the chance is negligible, the loop is free.
  return isZero(value) ? hex(bytes) : value;
}
