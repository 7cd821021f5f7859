import { createHash } from 'node:crypto';

/** `sha256:<base64url>` of these bytes. */
export function digestOfBytes(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('base64url')}`;
}

/**
 * The JSON Canonicalization Scheme (RFC 8785): members sorted by UTF-16 code units, numbers and strings as ECMAScript
 * writes them. An absent member and one that is `undefined` are the same. Whatever JSON cannot say exactly (a lone
 * surrogate, a number that is not finite, a Date, a hole in an array) throws a TypeError: it is a fault of our own,
 * since foreign bytes come through `parseStrict`.
 */
export function canonical(value: unknown): string {
  if (typeof value === 'string') return canonicalString(value);
  if (typeof value === 'number') return canonicalNumber(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return canonicalArray(value);
  if (isPlainObject(value)) return canonicalObject(value);
  throw new TypeError(`not JSON: ${typeof value}`);
}

/** SHA-256 over the canonical form. */
export function digestOf(value: unknown): string {
  return digestOfBytes(canonical(value));
}

/** What stands for the action from the moment it is frozen: `"sallyport/action/v1" 0x00 JCS({id, source, data})`. */
export function actionDigest(action: { id: string; source: string; data: unknown }): string {
  const { id, source, data } = action;
  return digestOfBytes(`sallyport/action/v1\0${canonical({ id, source, data })}`);
}

/**
 * For grouping requests that look alike, and for nothing else: the action without its id and without `context`.
 * Never a proof of anything.
 */
export function shapeDigest(action: { source: string; data: object }): string {
  const { source, data } = action;
  return digestOfBytes(`sallyport/shape/v1\0${canonical({ source, data: { ...data, context: undefined } })}`);
}

/** ASCII that JSON writes as it is: most strings, and much faster than a general writer. */
const plainText = /^[ !#-[\]-~]*$/u;

function canonicalString(value: string): string {
  if (plainText.test(value)) return `"${value}"`;
  if (!value.isWellFormed()) throw new TypeError('not JSON: lone surrogate');
  return JSON.stringify(value);
}

function canonicalNumber(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError('not JSON: number is not finite');
  return JSON.stringify(value);
}

function canonicalArray(value: readonly unknown[]): string {
  let text = '[';
  for (let i = 0; i < value.length; i++) text += (i === 0 ? '' : ',') + canonical(value[i]);
  return `${text}]`;
}

function canonicalObject(value: Record<string, unknown>): string {
  let text = '';
  // The default sort compares UTF-16 code units, as RFC 8785 section 3.2.3 asks.
  for (const name of Object.keys(value).sort()) {
    const member = value[name];
    if (member === undefined) continue;
    text += `${text === '' ? '' : ','}${canonicalString(name)}:${canonical(member)}`;
  }
  return `{${text}}`;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}
