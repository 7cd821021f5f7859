import { Fault, isRetryable } from '../fault.js';
import { isError } from '../is-error.js';
import { logFields } from './log-fields.js';
import { scrub } from './scrub.js';
import { sourceFrame } from './source-frame.js';

const allowed: ReadonlySet<string> = new Set(logFields);
const deepest = 4;
const mostItems = 50;
const longestText = 500;

/** Compact JWS or JWE, a DPoP proof, a PEM block: never, even under a listed name. */
const credentialLike = /[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]{10,}|-----BEGIN|:\/\/[^/\s@]+@/u;

/** Keeps the listed fields of `fields`; says in `dropped` how many were not listed, so that a missing one is noticed. */
export function filterFields(fields: object): Record<string, unknown> {
  const counter = { dropped: 0 };
  const kept = filterObject(fields, counter, 0);
  return counter.dropped === 0 ? kept : { ...kept, dropped: counter.dropped };
}

interface Counter {
  dropped: number;
}

function filterObject(value: object, counter: Counter, depth: number): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value) as [string, unknown][]) {
    if (field === undefined) continue;
    if (allowed.has(name)) kept[name] = filterValue(field, counter, depth);
    else counter.dropped += 1;
  }
  return kept;
}

function filterValue(value: unknown, counter: Counter, depth: number): unknown {
  if (typeof value === 'object' && value !== null) return filterObjectValue(value, counter, depth);
  if (typeof value === 'string') return filterText(value);
  if (typeof value === 'bigint') return value.toString();
  return value;
}

function filterObjectValue(value: object, counter: Counter, depth: number): unknown {
  if (isError(value)) return errorFields(value, depth);
  if (value instanceof Date) return value.toJSON();
  if (depth >= deepest || ArrayBuffer.isView(value)) {
    counter.dropped += 1;
    return undefined;
  }
  if (Array.isArray(value)) return value.slice(0, mostItems).map((item) => filterValue(item, counter, depth + 1));
  return filterObject(value, counter, depth + 1);
}

function filterText(value: string): string {
  // Looks further than it writes, so that a cut does not hide what a credential looks like.
  return credentialLike.test(value.slice(0, longestText * 4)) ? '…' : value.slice(0, longestText);
}

/**
 * What may be said of an error: its class, its code, where it was thrown. Its text is scrubbed unless it is our own `Fault`, whose texts are written by
 * us; attached data (a query's parameters, a request's headers) are never looked at. An outage needs no place: it is not in our code.
 */
function errorFields(error: Error, depth: number, outage = isRetryable(error)): Record<string, unknown> {
  const fields: Record<string, unknown> = {
    name: error.name,
    message: error instanceof Fault ? filterText(error.message) : scrub(error.message),
    ...codesOf(error),
  };
  if (!outage) fields['frames'] = framesOf(error);
  if (error instanceof Fault) fields['retryable'] = error.retryable;
  if (isError(error.cause) && depth < deepest) fields['cause'] = errorFields(error.cause, depth + 1, outage);
  return fields;
}

/** What Node, PostgreSQL and Kafka attach to their errors as names, never as values. */
function codesOf(error: Error): Record<string, string> {
  const attached = error as { code?: unknown; table?: unknown; constraint?: unknown };
  const names = (['code', 'table', 'constraint'] as const).map((name) => [name, attached[name]] as const);
  return Object.fromEntries(
    names.flatMap(([name, value]) => (typeof value === 'string' ? [[name, scrub(value)]] : [])),
  );
}

/** The stack without its first lines, which repeat the text; each frame is code of ours or of a package, never data. */
function framesOf(error: Error): string[] {
  const lines = (error.stack ?? '').split('\n').filter((line) => /^\s+at /u.test(line));
  return lines.slice(0, 8).map((line) => sourceFrame(line.trim().slice(3)));
}
