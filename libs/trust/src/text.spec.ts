import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { forbiddenText } from './request-text.js';
import { freeText, machineLines, machineText, safeText } from './text.js';

const hidden: [string, string][] = [
  ['NUL', '\u0000'], ['escape', '\u001b'], ['delete', '\u007f'], ['a C1 control', '\u009b'], ['soft hyphen', '\u00ad'],
  ['right-to-left override', '\u202e'], ['isolate', '\u2066'], ['right-to-left mark', '\u200f'],
  ['Arabic letter mark', '\u061c'], ['zero-width space', '\u200b'], ['zero-width joiner', '\u200d'],
  ['word joiner', '\u2060'], ['byte order mark', '\ufeff'], ['line separator', '\u2028'],
  ['variation selector', '\ufe0f'], ['variation selector 17', '\u{e0100}'], ['tag', '\u{e0041}'],
  ['Hangul filler', '\u3164'], ['interlinear anchor', '\ufff9'],
]; // prettier-ignore

describe('text of machines', () => {
  it.each(hidden)('refuses %s in names and in statements, and shows it', (_, char) => {
    expect(machineText(`a${char}b`)).toBe(false);
    expect(machineLines(`a${char}b`)).toBe(false);
    const shown = safeText(`a${char}b`);
    expect(machineText(shown)).toBe(true);
    expect(shown).toMatch(/^a⟨U\+[0-9A-F]{4,5}⟩b$/u);
  });

  it('lets line breaks stand in statements only', () => {
    expect(machineText('a\nb')).toBe(false);
    expect(machineLines('SELECT 1;\n\tSELECT 2')).toBe(true);
    expect(machineLines('a\rb')).toBe(false);
  });

  it('lets people of all languages have names', () => {
    for (const name of ['Zoë', 'Łukasz', '山田', 'محمد', 'Ольга', '😀', 'orders/prod-1'])
      expect(machineText(name)).toBe(true);
  });
});

describe('free text', () => {
  it('holds anything but control characters', () => {
    expect(freeText('first\n\tsecond \u202e pre-approved \u200b')).toBe(true);
    for (const char of ['\u0000', '\u0007', '\r', '\u001b', '\u007f', '\u0090'])
      expect(freeText(`a${char}`)).toBe(false);
  });
});

/** Any code points, half surrogates among them. */
const anyText = fc.array(fc.nat(0x10ffff)).map((points) => String.fromCodePoint(...points));

describe('safeText', () => {
  it('leaves nothing that a terminal or a browser would obey', () => {
    expect(safeText('\u001b]8;;http://evil\u0007x')).toBe('⟨U+001B⟩]8;;http://evil⟨U+0007⟩x');
  });

  it('keeps lines where asked to', () => {
    expect(safeText('a\nb\r', { lines: true })).toBe('a\nb⟨U+000D⟩');
    expect(safeText('a\nb')).toBe('a⟨U+000A⟩b');
  });

  it('shows any text without a hidden character', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(machineText(safeText(text))).toBe(true);
      }),
    );
  });
});

describe('forbiddenText', () => {
  const request = (more: object): unknown => ({
    subject: { type: 'agent', id: 'a' },
    action: { name: 'x', properties: { statement: 'SELECT\n1' } },
    context: { justification: 'line\nline \u202e' },
    ...more,
  });

  it('finds nothing in a decent request', () => {
    expect(forbiddenText(request({}))).toBeUndefined();
  });

  it.each<[string, object, string]>([
    ['an id', { subject: { type: 'agent', id: 'a\u200b' } }, 'subject.id'],
    ['a line break in a name', { action: { name: 'x\ny', properties: {} } }, 'action.name'],
    ['a property', { action: { name: 'x', properties: { a: ['b', '\u202e'] } } }, 'action.properties.a.1'],
    ['a member name', { action: { name: 'x', properties: { 'a\u2066': 1 } } }, 'action.properties (member name)'],
    ['another claim', { context: { justification: 'x', incident: 'INC\u00ad1' } }, 'context.incident'],
    ['a control character in free text', { context: { justification: 'x\u0007' } }, 'context.justification'],
    ['a control character in the rollback plan', { context: { change: { rollback_plan: '\u0000' } } }, 'context.change.rollback_plan'],
  ])('names the place of %s', (_, more, path) => {
    expect(forbiddenText(request(more))).toBe(path);
  }); // prettier-ignore
});
