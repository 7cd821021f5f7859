import { describe, expect, it } from '@jest/globals';
import { chop, columns, row, table, textColumn, width, wrap } from './say.js';

describe('wrapping', () => {
  it('breaks at spaces, and a long word where it must', () => {
    expect(wrap('aaa bbb ccc', width - 7)).toEqual(['aaa bbb', 'ccc']);
    expect(wrap('a'.repeat(10), width - 4)).toEqual(['aaaa', 'aaaa', 'aa']);
  });

  it('never makes a line wider than the screen, not even of characters that take two columns', () => {
    for (const text of ['漢'.repeat(300), '🚀'.repeat(200), 'word '.repeat(100), 'x'.repeat(500)])
      for (const line of [...wrap(text, 4), ...chop(text, 4)]) expect(columns(line)).toBeLessThanOrEqual(width - 4);
  });

  it('never cuts a character in half', () => {
    for (const line of wrap('🚀'.repeat(200), 1)) expect(line.isWellFormed()).toBe(true);
  });

  it('keeps the lines of a text, and counts empty ones', () => {
    expect(wrap('a\n\nb\n\n\n\nc', 0)).toEqual(['a', '', 'b', '⟨3 empty lines⟩', 'c']);
  });

  it('shows hidden characters', () => {
    expect(wrap('a\u001b[31mb\u202e', 0)).toEqual(['a⟨U+001B⟩[31mb⟨U+202E⟩']);
  });
});

describe('chopping', () => {
  it('loses nothing: not a space, not a line break', () => {
    const text = `a${' '.repeat(150)}b\nc`;
    expect(chop(text, 20).join('')).toBe(`a${' '.repeat(150)}b⟨U+000A⟩c`);
  });

  it('makes one line of nothing', () => {
    expect(chop('', 20)).toEqual(['']);
  });
});

describe('a row', () => {
  it('puts further lines below the text', () => {
    const [first, second] = row('label', 'word '.repeat(30).trim());
    expect(first).toMatch(/^ {2}label +word/u);
    expect(second?.search(/\S/u)).toBe(textColumn);
  });

  it('gives a label that is too wide a line of its own, and shows what hides in it', () => {
    expect(row('l'.repeat(30), 'text')).toEqual([`  ${'l'.repeat(30)}`, `${' '.repeat(textColumn)}text`]);
    expect(row('a\nb', 'text')[0]).toContain('a⟨U+000A⟩b');
  });
});

describe('a table', () => {
  it('has columns as wide as their widest cell, and safe cells', () => {
    expect(table(['id', 'what'], [['1', 'a'], ['漢漢', 'b\nc']])).toBe('id    what\n1     a\n漢漢  b⟨U+000A⟩c'); // prettier-ignore
  });
});
