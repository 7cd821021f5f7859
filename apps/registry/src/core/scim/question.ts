import type { Filter, Operand } from './filter.js';
import { fine, refused, type Outcome } from './outcome.js';
import { placeOf } from './path.js';
import { urns, type Shape } from './shapes.js';

export type Column =
  | 'id' | 'userName' | 'externalId' | 'displayName' | 'formatted' | 'familyName' | 'givenName' | 'email' | 'active'
  | 'member'; // prettier-ignore
export type Test = 'eq' | 'ne' | 'co' | 'sw' | 'ew';

/** A filter over what can be asked of a resource, ready for the store. Text that is compared without regard to case is in lower case. */
export type Question =
  | { op: 'and' | 'or'; left: Question; right: Question }
  | { op: 'not'; of: Question }
  | { op: 'pr'; column: Column }
  | { op: Test; column: Column; operand: string | boolean };

const columns: Readonly<Record<string, Column>> = {
  username: 'userName',
  externalid: 'externalId',
  displayname: 'displayName',
  'name.formatted': 'formatted',
  'name.familyname': 'familyName',
  'name.givenname': 'givenName',
  emails: 'email',
  'emails.value': 'email',
  active: 'active',
  members: 'member',
  'members.value': 'member',
};

const tests: readonly string[] = ['eq', 'ne', 'co', 'sw', 'ew'];
const isTest = (op: string): op is Test => tests.includes(op);
/** Ids say who or what, so they are compared exactly (`caseExact`, RFC 7643 section 3.1). */
const exact: readonly Column[] = ['id', 'externalId', 'member'];

export function questionOf(shape: Shape, filter: Filter): Outcome<Question> {
  if ('left' in filter) {
    const left = questionOf(shape, filter.left);
    if (!left.ok) return left;
    const right = questionOf(shape, filter.right);
    return right.ok ? fine({ op: filter.op, left: left.value, right: right.value }) : right;
  }
  if (filter.op === 'not') {
    const of = questionOf(shape, filter.of);
    return of.ok ? fine({ op: 'not', of: of.value }) : of;
  }
  const column = columnOf(shape, filter.attribute);
  if (column === undefined) return refused('invalidFilter', `${filter.attribute} cannot be asked for`);
  if (filter.op === 'pr') return fine({ op: 'pr', column });
  return isTest(filter.op)
    ? comparison(column, filter.op, filter.operand)
    : refused('invalidFilter', `${filter.op} is not known here`);
}

function columnOf(shape: Shape, name: string): Column | undefined {
  const place = placeOf(shape, name);
  if (!place.ok) return undefined;
  const { attribute, part } = place.value;
  if (attribute.name === 'id') return 'id';
  const key = (part === undefined ? attribute.name : `${attribute.name}.${part}`).toLowerCase();
  return Object.hasOwn(columns, key) ? columns[key] : undefined;
}

function comparison(column: Column, op: Test, operand: Operand): Outcome<Question> {
  const wrong = refused('invalidFilter', `${column}: cannot be compared like that`);
  if (column === 'active') {
    const flag = typeof operand === 'string' ? operand.toLowerCase() === 'true' : operand;
    return typeof flag === 'boolean' && (op === 'eq' || op === 'ne') ? fine({ op, column, operand: flag }) : wrong;
  }
  if (typeof operand !== 'string' || (column === 'member' && op !== 'eq')) return wrong;
  return fine({ op, column, operand: exact.includes(column) ? operand : operand.toLowerCase() });
}

/** What a page of a list is; `count` is cut to what one answer carries (RFC 7644 section 3.4.2.4). */
export interface Page {
  startIndex: number;
  count: number;
}

export const pageLimits = { usual: 100, most: 200 };

export function pageOf(startIndex: string | undefined, count: string | undefined): Outcome<Page> {
  const [start, size] = [numberOf(startIndex, 1), numberOf(count, pageLimits.usual)];
  if (start === undefined || size === undefined)
    return refused('invalidValue', 'startIndex and count are whole numbers');
  return fine({ startIndex: Math.max(1, start), count: Math.min(pageLimits.most, Math.max(0, size)) });
}

function numberOf(text: string | undefined, otherwise: number): number | undefined {
  if (text === undefined) return otherwise;
  return /^-?\d{1,9}$/u.test(text) ? Number(text) : undefined;
}

/** Attributes of an answer, of those that one may leave out (RFC 7644 section 3.9); by the name of the whole attribute. */
export interface Wanted {
  attributes: string | undefined;
  excludedAttributes: string | undefined;
}

export function shown(resource: Readonly<Record<string, unknown>>, wanted: Wanted): Record<string, unknown> {
  const only = namesOf(wanted.attributes);
  const without = namesOf(wanted.excludedAttributes) ?? [];
  const isShown = (name: string): boolean => (only === undefined ? !without.includes(name) : only.includes(name));
  return Object.fromEntries(
    Object.entries(resource).filter(([name]) => name === 'id' || name === 'schemas' || isShown(name.toLowerCase())),
  );
}

function namesOf(list: string | undefined): string[] | undefined {
  if (list === undefined || list.trim() === '') return undefined;
  return list.split(',').map((name) => withoutUrn(name.trim()).split('.')[0]?.toLowerCase() ?? '');
}

function withoutUrn(name: string): string {
  const urn = [urns.user, urns.group].find((one) => name.toLowerCase().startsWith(`${one.toLowerCase()}:`));
  return urn === undefined ? name : name.slice(urn.length + 1);
}
