import type { Comparison, Filter, Operand } from './filter.js';
import type { Doc } from './outcome.js';

/** Whether one value of a list (an email, a member) is meant by the filter in a PATCH path. */
export function matches(filter: Filter, element: Doc): boolean {
  if ('left' in filter) {
    const [left, right] = [matches(filter.left, element), matches(filter.right, element)];
    return filter.op === 'and' ? left && right : left || right;
  }
  if (filter.op === 'not') return !matches(filter.of, element);
  const held = partOf(element, filter.attribute);
  return filter.op === 'pr' ? held !== undefined : compare(filter.op, held, filter.operand);
}

function partOf(element: Doc, name: string): unknown {
  return Object.entries(element).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
}

const tests: Record<Comparison, (held: string, asked: string) => boolean> = {
  eq: (held, asked) => held === asked,
  ne: (held, asked) => held !== asked,
  co: (held, asked) => held.includes(asked),
  sw: (held, asked) => held.startsWith(asked),
  ew: (held, asked) => held.endsWith(asked),
  gt: (held, asked) => held > asked,
  ge: (held, asked) => held >= asked,
  lt: (held, asked) => held < asked,
  le: (held, asked) => held <= asked,
};

/** As text and without regard to case, which no part of an email or a member has (RFC 7643 section 8.7.1). */
function compare(op: Comparison, held: unknown, asked: Operand): boolean {
  if (typeof held === 'string') return typeof asked === 'string' && tests[op](held.toLowerCase(), asked.toLowerCase());
  const isSame = (held ?? null) === asked;
  return op === 'eq' ? isSame : op === 'ne' && !isSame;
}

/** What a new value must hold to be meant by the filter; undefined where the filter does not say that plainly. */
export function plainlySaid(filter: Filter): Record<string, Operand> | undefined {
  if (filter.op === 'eq') return { [filter.attribute]: filter.operand };
  if (filter.op !== 'and') return undefined;
  const [left, right] = [plainlySaid(filter.left), plainlySaid(filter.right)];
  return left && right && { ...left, ...right };
}
