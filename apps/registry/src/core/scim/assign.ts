import { matches, plainlySaid } from './matches.js';
import { fine, isObject, refused, type Doc, type Outcome } from './outcome.js';
import type { Place } from './path.js';
import type { Attribute } from './shapes.js';

export type Op = 'add' | 'replace' | 'remove';

export interface Assignment {
  op: Op;
  place: Place;
  value: unknown;
}

/** The value of one attribute after one operation (RFC 7644 section 3.5.2); `null` removes, as RFC 7643 section 2.5 says. */
export function assigned(doc: Doc, { op, place, value }: Assignment): Outcome<Doc> {
  const { attribute } = place;
  const held = doc[attribute.name];
  const next = valueAfter(attribute, held, { op: value === null ? 'remove' : op, place, value });
  return next.ok ? fine(withValue(doc, attribute.name, next.value)) : next;
}

function valueAfter(attribute: Attribute, held: unknown, change: Assignment): Outcome<unknown> {
  switch (attribute.kind) {
    case 'text':
    case 'flag':
      return change.place.part === undefined ? single(attribute, change) : refused('invalidPath', attribute.name);
    case 'parts':
      return parts(attribute, isObject(held) ? held : {}, change);
    case 'list':
      return list(attribute, Array.isArray(held) ? held.filter(isObject) : [], change);
    case 'ignored':
      return fine(held);
    case 'fixed':
      return refused('mutability', `${attribute.name} is not yours to set`);
  }
}

function withValue(doc: Doc, name: string, value: unknown): Doc {
  const rest = Object.entries(doc).filter(([key]) => key !== name);
  return Object.fromEntries(value === undefined ? rest : [...rest, [name, value]]);
}

function single({ name, kind }: Attribute, { op, value }: Assignment): Outcome<unknown> {
  if (op === 'remove') return fine(undefined);
  const read = kind === 'flag' ? flagOf(value) : value;
  const isRight = typeof read === (kind === 'flag' ? 'boolean' : 'string');
  return isRight
    ? fine(read)
    : refused('invalidValue', `${name}: expected ${kind === 'flag' ? 'true or false' : 'text'}`);
}

/** Entra sends "True" and "False" as text. */
function flagOf(value: unknown): unknown {
  if (typeof value !== 'string' || !/^(?:true|false)$/iu.test(value)) return value;
  return value.toLowerCase() === 'true';
}

function parts(attribute: Attribute, held: Doc, { op, place: { part }, value }: Assignment): Outcome<unknown> {
  if (part !== undefined) {
    if (op === 'remove') return fine(withValue(held, part, undefined));
    return typeof value === 'string'
      ? fine({ ...held, [part]: value })
      : refused('invalidValue', `${attribute.name}.${part}`);
  }
  if (op === 'remove') return fine(undefined);
  const read = elementOf(attribute, value);
  return read === undefined
    ? refused('invalidValue', `${attribute.name}: expected an object`)
    : fine({ ...held, ...read });
}

function list(attribute: Attribute, held: Doc[], change: Assignment): Outcome<unknown> {
  const { op, place, value } = change;
  if (place.where !== undefined || place.part !== undefined) return within(attribute, held, change);
  if (op === 'remove' && (value === undefined || value === null)) return fine(undefined);
  const given = [value].flat().map((one: unknown) => elementOf(attribute, one));
  const read = given.filter((one) => one !== undefined);
  if (read.length < given.length) return refused('invalidValue', `${attribute.name}: expected a list of objects`);
  if (op === 'replace') return fine(distinct(read));
  // Entra's older dialect removes members by value and not by path.
  if (op === 'remove') return fine(held.filter((one) => !read.some((gone) => gone['value'] === one['value'])));
  return fine(distinct([...held, ...read]));
}

/** The last of those with the same `value` stays, at the place of the first: adding again changes nothing. */
function distinct(elements: readonly Doc[]): Doc[] {
  return [...new Map(elements.map((one) => [one['value'], one])).values()];
}

/** Only the values that the filter means, or one part of them. */
function within(
  attribute: Attribute,
  held: Doc[],
  { op, place: { where, part }, value }: Assignment,
): Outcome<unknown> {
  const isMeant = held.map((one) => where === undefined || matches(where, one));
  if (op === 'remove') return fine(removed(held, isMeant, part));
  const change = part === undefined ? elementOf(attribute, value) : { [part]: plain(part, value) };
  if (change === undefined) return refused('invalidValue', `${attribute.name}: expected an object`);
  if (isMeant.includes(true)) return fine(held.map((one, i) => (isMeant[i] === true ? { ...one, ...change } : one)));
  // Entra sets `emails[type eq "work"].value` where there is no such email yet, and means to add one.
  const said = where && part !== undefined ? plainlySaid(where) : undefined;
  if (said === undefined) return refused('noTarget', `${attribute.name}: nothing is there that the path means`);
  return fine([...held, { ...elementOf(attribute, said), ...change }]);
}

function removed(held: readonly Doc[], isMeant: readonly boolean[], part: string | undefined): Doc[] {
  if (part === undefined) return held.filter((_, i) => isMeant[i] !== true);
  return held.map((one, i) => (isMeant[i] === true ? withValue(one, part, undefined) : one));
}

const plain = (part: string, value: unknown): unknown => (part === 'primary' ? flagOf(value) : value);

/** The known parts of a value, under their canonical names; a bare text is its `value`. */
function elementOf({ parts: known }: Attribute, value: unknown): Record<string, unknown> | undefined {
  if (typeof value === 'string' && known.includes('value')) return { value };
  if (!isObject(value)) return undefined;
  const pairs = Object.entries(value).flatMap(([key, held]): [string, unknown][] => {
    const part = known.find((one) => one.toLowerCase() === key.toLowerCase());
    return part === undefined || held === null ? [] : [[part, plain(part, held)]];
  });
  return Object.fromEntries(pairs);
}
