import { fine, printable, refused, type Outcome } from './outcome.js';

export const comparisons = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const;
export type Comparison = (typeof comparisons)[number];
export type Operand = string | number | boolean | null;

/** A filter of RFC 7644 section 3.4.2.2 (figure 1), without value paths (`emails[…]`): those occur in PATCH paths only. */
export type Filter =
  | { op: 'and' | 'or'; left: Filter; right: Filter }
  | { op: 'not'; of: Filter }
  | { op: 'pr'; attribute: string }
  | { op: Comparison; attribute: string; operand: Operand };

/** Longer or deeper ones are no question that a provider asks. */
const mostCharacters = 2_048;
const mostNesting = 16;

/** Text and numbers as in JSON (RFC 8259); names as in RFC 7643 section 2.1, with or without the schema's URN before them. */
const token = /\s*(?:([()])|("(?:[^"\\]|\\.)*")|(-?\d[\d.eE+-]*)|([A-Za-z$][\w$:.-]*))\s*/uy;

class NotAFilter extends Error {}

/** Never throws: whatever is no filter is `invalidFilter`. */
export function parseFilter(text: string): Outcome<Filter> {
  if (text.length > mostCharacters) return refused('invalidFilter', 'the filter is too long');
  try {
    return fine(new FilterReader(tokensOf(text)).whole());
  } catch (error) {
    if (error instanceof NotAFilter) return refused('invalidFilter', error.message);
    throw error;
  }
}

function tokensOf(text: string): string[] {
  const found: string[] = [];
  for (let at = 0; at < text.length; at = token.lastIndex) {
    token.lastIndex = at;
    const match = token.exec(text);
    if (match === null) throw new NotAFilter(`character ${String(at + 1)} is not understood`);
    found.push(match[0].trim());
  }
  return found;
}

/** `not` binds closest, then `and`, then `or`. */
class FilterReader {
  #at = 0;
  #depth = 0;

  constructor(private readonly tokens: readonly string[]) {}

  whole(): Filter {
    const filter = this.#either();
    if (this.#at < this.tokens.length) throw new NotAFilter(`expected the end before ${this.#peek()}`);
    return filter;
  }

  #either(): Filter {
    let left = this.#both();
    while (this.#takes('or')) left = { op: 'or', left, right: this.#both() };
    return left;
  }

  #both(): Filter {
    let left = this.#one();
    while (this.#takes('and')) left = { op: 'and', left, right: this.#one() };
    return left;
  }

  #one(): Filter {
    if (this.#takes('not')) return { op: 'not', of: this.#group() };
    return this.#peek() === '(' ? this.#group() : this.#comparison();
  }

  #group(): Filter {
    if (!this.#takes('(')) throw new NotAFilter('expected (');
    this.#depth += 1;
    if (this.#depth > mostNesting) throw new NotAFilter('the filter is nested too deeply');
    const filter = this.#either();
    if (!this.#takes(')')) throw new NotAFilter('expected )');
    this.#depth -= 1;
    return filter;
  }

  #comparison(): Filter {
    const attribute = this.#next();
    if (!/^[A-Za-z$]/u.test(attribute)) throw new NotAFilter('expected the name of an attribute');
    const op = this.#next().toLowerCase();
    if (op === 'pr') return { op, attribute };
    const comparison = comparisons.find((known) => known === op);
    if (comparison === undefined) throw new NotAFilter(`${attribute}: expected a comparison`);
    return { op: comparison, attribute, operand: operandOf(this.#next()) };
  }

  #peek(): string {
    return this.tokens[this.#at] ?? '';
  }

  #next(): string {
    const next = this.#peek();
    this.#at += 1;
    return next;
  }

  #takes(word: string): boolean {
    const isIt = this.#peek().toLowerCase() === word;
    if (isIt) this.#at += 1;
    return isIt;
  }
}

function operandOf(text: string): Operand {
  // Entra writes True and False.
  const word = text.toLowerCase();
  if (word === 'true' || word === 'false') return word === 'true';
  if (word === 'null') return null;
  if (!/^["\d-]/u.test(text))
    throw new NotAFilter('expected a value: text in double quotes, a number, true, false, null');
  const value = jsonOf(text);
  if (value === undefined) throw new NotAFilter('expected a value as in JSON');
  if (typeof value === 'string' && !printable.test(value)) throw new NotAFilter('a value has no control characters');
  return value;
}

function jsonOf(text: string): Operand | undefined {
  try {
    return JSON.parse(text) as Operand;
  } catch {
    return undefined;
  }
}
