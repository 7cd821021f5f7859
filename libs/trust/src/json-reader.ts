import { exactNumber } from './exact-number.js';

export type JsonValue = null | boolean | number | string | JsonValue[] | { [name: string]: JsonValue };

/** Bytes in all, levels of nesting, items of one array, UTF-8 bytes of one string or member name. */
export interface JsonLimits {
  readonly bytes: number;
  readonly depth: number;
  readonly arrayItems: number;
  readonly stringBytes: number;
}

export type StrictJsonCode = 'malformed_json' | 'duplicate_key' | 'not_i_json' | 'too_large' | 'too_deep';

/** Thrown inside the reader only; `parseStrict` makes a value of it. */
export class Refused extends Error {
  constructor(readonly code: StrictJsonCode) {
    super(code);
  }
}

const numbers = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/uy;
const hexQuad = /[0-9a-fA-F]{4}/uy;
const escapes: Readonly<Record<string, string>> = {
  '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t',
}; // prettier-ignore

/** The four characters that RFC 8259 calls whitespace. */
function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** What stands for itself inside a string. At the end of the text the code is NaN, which is not. */
function isPlain(code: number): boolean {
  return code >= 0x20 && code !== 0x22 && code !== 0x5c;
}

/** Recursive descent over one document (RFC 8259). The depth limit bounds the recursion. */
export class JsonReader {
  #at = 0;
  #depth = 0;

  constructor(
    readonly text: string,
    readonly limits: JsonLimits,
  ) {}

  document(): JsonValue {
    this.#skip();
    const value = this.#value();
    this.#skip();
    if (this.#at !== this.text.length) throw new Refused('malformed_json');
    return value;
  }

  #value(): JsonValue {
    switch (this.text.charAt(this.#at)) {
      case '{':
        return this.#nested(() => this.#object());
      case '[':
        return this.#nested(() => this.#array());
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > this.limits.depth) throw new Refused('too_deep');
    this.#at++;
    this.#skip();
    const value = read();
    this.#depth--;
    return value;
  }

  #object(): { [name: string]: JsonValue } {
    const value = Object.create(null) as { [name: string]: JsonValue };
    if (this.#take('}')) return value;
    do {
      this.#skip();
      const name = this.#string();
      // zod, among others, leaves this name out without a word: two readers would see two different actions.
      if (name === '__proto__') throw new Refused('not_i_json');
      if (name in value) throw new Refused('duplicate_key');
      this.#skip();
      this.#expect(':');
      this.#skip();
      value[name] = this.#value();
      this.#skip();
    } while (this.#take(','));
    this.#expect('}');
    return value;
  }

  #array(): JsonValue[] {
    const value: JsonValue[] = [];
    if (this.#take(']')) return value;
    do {
      this.#skip();
      if (value.length === this.limits.arrayItems) throw new Refused('too_large');
      value.push(this.#value());
      this.#skip();
    } while (this.#take(','));
    this.#expect(']');
    return value;
  }

  #string(): string {
    this.#expect('"');
    let value = this.#plainRun();
    while (!this.#take('"')) {
      this.#expect('\\');
      value += this.#escape() + this.#plainRun();
    }
    if (!value.isWellFormed()) throw new Refused('not_i_json');
    if (value.length * 3 > this.limits.stringBytes && Buffer.byteLength(value) > this.limits.stringBytes) {
      throw new Refused('too_large');
    }
    return value;
  }

  /** A run without quote, backslash or control character. */
  #plainRun(): string {
    const start = this.#at;
    while (isPlain(this.text.charCodeAt(this.#at))) this.#at++;
    return this.text.slice(start, this.#at);
  }

  #escape(): string {
    if (this.#take('u')) {
      const quad = this.#match(hexQuad);
      if (quad === '') throw new Refused('malformed_json');
      return String.fromCharCode(Number.parseInt(quad, 16));
    }
    const char = this.text[this.#at++];
    const plain = char === undefined || !Object.hasOwn(escapes, char) ? undefined : escapes[char];
    if (plain === undefined) throw new Refused('malformed_json');
    return plain;
  }

  #number(): number {
    const written = this.#match(numbers);
    if (written === '') throw new Refused('malformed_json');
    const value = exactNumber(written);
    if (value === undefined) throw new Refused('not_i_json');
    return value;
  }

  #word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.#at)) throw new Refused('malformed_json');
    this.#at += word.length;
    return value;
  }

  #skip(): void {
    while (isSpace(this.text.charCodeAt(this.#at))) this.#at++;
  }

  #take(char: string): boolean {
    if (this.text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #expect(char: string): void {
    if (!this.#take(char)) throw new Refused('malformed_json');
  }

  /** What the sticky pattern matches here, possibly nothing. */
  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.text)) return '';
    const found = this.text.slice(this.#at, pattern.lastIndex);
    this.#at = pattern.lastIndex;
    return found;
  }
}
