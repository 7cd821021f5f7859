import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { parseStrict } from './strict-json.js';

const read = (text: string) => parseStrict(Buffer.from(text, 'utf8'));
const codeOf = (bytes: Uint8Array | string) => {
  const parsed = parseStrict(Buffer.from(bytes));
  return parsed.ok ? 'accepted' : parsed.code;
};
const plain = (text: string): unknown => JSON.parse(text);

describe('parseStrict', () => {
  it.each<[string, string | Uint8Array, string]>([
    ['nothing', '', 'malformed_json'],
    ['only space', '  \n', 'malformed_json'],
    ['a byte order mark', '\ufeff{}', 'malformed_json'],
    ['invalid UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 'malformed_json'],
    ['an overlong encoding', Uint8Array.of(0x22, 0xc0, 0xaf, 0x22), 'malformed_json'],
    ['a surrogate in UTF-8', Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22), 'malformed_json'],
    ['a truncated sequence', Uint8Array.of(0x22, 0xe2, 0x82, 0x22), 'malformed_json'],
    ['something behind the document', '{} {}', 'malformed_json'],
    ['a NUL behind the document', '{}\u0000', 'malformed_json'],
    ['a trailing comma in an array', '[1,]', 'malformed_json'],
    ['a trailing comma in an object', '{"a":1,}', 'malformed_json'],
    ['a missing comma', '[1 2]', 'malformed_json'],
    ['a missing colon', '{"a" 1}', 'malformed_json'],
    ['an unquoted name', '{a:1}', 'malformed_json'],
    ['single quotes', "{'a':1}", 'malformed_json'],
    ['a comment', '{}/* */', 'malformed_json'],
    ['an unclosed string', '"a', 'malformed_json'],
    ['an unclosed object', '{"a":1', 'malformed_json'],
    ['a raw newline in a string', '"a\nb"', 'malformed_json'],
    ['an unknown escape', '"\\x41"', 'malformed_json'],
    ['an escape named like a method', '"\\constructor"', 'malformed_json'],
    ['a short unicode escape', '"\\u12"', 'malformed_json'],
    ['other white space', '[\u00a01]', 'malformed_json'],
    ['NaN', 'NaN', 'malformed_json'],
    ['Infinity', '-Infinity', 'malformed_json'],
    ['a plus sign', '+1', 'malformed_json'],
    ['a leading zero', '01', 'malformed_json'],
    ['a bare point', '.5', 'malformed_json'],
    ['a point without digits', '1.', 'malformed_json'],
    ['hexadecimal', '0x10', 'malformed_json'],
    ['a wrong word', 'nul', 'malformed_json'],
    ['capital letters', 'True', 'malformed_json'],
    ['the same name twice', '{"a":1,"a":1}', 'duplicate_key'],
    ['the same name twice after unescaping', '{"a":1,"\\u0061":2}', 'duplicate_key'],
    ['the same name twice, deep down', '[{"b":{"a":1,"a":2}}]', 'duplicate_key'],
    ['a lone high surrogate', '"\\ud800"', 'not_i_json'],
    ['a lone low surrogate', '"\\udc00x"', 'not_i_json'],
    ['surrogates the wrong way round', '"\\udc00\\ud800"', 'not_i_json'],
    ['a lone surrogate in a name', '{"\\ud800":1}', 'not_i_json'],
    ['an integer beyond 2^53-1', '9007199254740992', 'not_i_json'],
    ['an integer beyond -(2^53-1)', '-9007199254740993', 'not_i_json'],
    ['a large power', '1e30', 'not_i_json'],
    ['overflow', '1e400', 'not_i_json'],
    ['underflow', '1e-400', 'not_i_json'],
    ['a denormal written too precisely', '5.1e-324', 'not_i_json'],
    ['more digits than a double holds', '0.1000000000000000055', 'not_i_json'],
    ['a sum that looks like another', '0.30000000000000001', 'not_i_json'],
    ['an almost integer', '9007199254740991.1', 'not_i_json'],
    ['minus zero', '-0', 'not_i_json'],
    ['minus zero with a fraction', '-0.00e5', 'not_i_json'],
    ['a prototype', '{"__proto__":{"admin":true}}', 'not_i_json'],
    ['an escaped prototype', '{"\\u005f_proto__":1}', 'not_i_json'],
    ['33 levels', `${'['.repeat(33)}${']'.repeat(33)}`, 'too_deep'],
    ['a hundred thousand levels', '['.repeat(60_000), 'too_deep'],
    ['1,001 items', JSON.stringify(Array.from({ length: 1_001 }, () => 0)), 'too_large'],
    ['a string over 16 KiB', JSON.stringify('a'.repeat(16_385)), 'too_large'],
    ['a string over 16 KiB only in UTF-8', JSON.stringify('€'.repeat(5_462)), 'too_large'],
    ['a name over 16 KiB', JSON.stringify({ ['a'.repeat(16_385)]: 1 }), 'too_large'],
    ['over 64 KiB', `[${' '.repeat(65_535)}]`, 'too_large'],
  ])('refuses %s', (_, bytes, code) => {
    expect(codeOf(bytes)).toBe(code);
  });

  it.each([
    ['32 levels', `${'['.repeat(32)}${']'.repeat(32)}`],
    ['1,000 items', JSON.stringify(Array.from({ length: 1_000 }, () => 0))],
    ['a string of 16 KiB', JSON.stringify('a'.repeat(16_384))],
    ['the largest safe integer', '[9007199254740991,-9007199254740991]'],
    ['trailing zeros', '[1.50,1.0,100e-2,0.0,0e9,1E2,12300e-2]'],
    ['small fractions', '[0.1,1e-7,4.5e-10,5e-324,2.2250738585072014e-308]'],
    ['every escape', '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00"'],
    ['names that objects inherit', '{"constructor":1,"toString":2,"hasOwnProperty":3,"valueOf":4}'],
    ['white space', ' \t\r\n{ "a" : [ 1 , 2 ] } '],
    ['siblings that are each 32 deep', `[${'['.repeat(31)}${']'.repeat(31)},${'['.repeat(31)}${']'.repeat(31)}]`],
    ['decomposed and composed as two names', '{"e\u0301":1,"\u00e9":2}'],
  ])('accepts %s and reads it as JSON.parse does', (_, text) => {
    const parsed = read(text);
    expect(parsed.ok && JSON.stringify(parsed.value)).toBe(JSON.stringify(plain(text)));
  });

  it('gives objects no prototype, and schemas read them', () => {
    const parsed = read('{"a":{"toString":"x"}}');
    if (!parsed.ok) throw new Error(parsed.code);
    expect(Object.getPrototypeOf(parsed.value)).toBeNull();
    const schema = z.strictObject({ a: z.record(z.string(), z.unknown()) });
    expect(schema.parse(parsed.value).a['toString']).toBe('x');
  });

  it('agrees with JSON.parse on whatever it accepts', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        const parsed = read(text);
        if (parsed.ok) expect(JSON.stringify(parsed.value)).toBe(JSON.stringify(plain(text)));
        else expect(['not_i_json', 'too_deep']).toContain(parsed.code);
      }),
      { numRuns: 500 },
    );
  });

  it('accepts every value of plain safe data', () => {
    const leaf = fc.oneof(fc.string({ unit: 'grapheme' }), fc.maxSafeInteger(), fc.boolean(), fc.constant(null));
    const safe = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        leaf,
        fc.array(tie('value'), { maxLength: 5 }),
        fc.dictionary(fc.string(), tie('value'), { maxKeys: 5 }),
      ),
    })).value;
    fc.assert(
      fc.property(safe, (value) => {
        const text = JSON.stringify(value, (_, v: unknown) => (Object.is(v, -0) ? 0 : v));
        fc.pre(!text.includes('__proto__'));
        const parsed = read(text);
        expect(parsed.ok && JSON.stringify(parsed.value)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it('never accepts a document that JSON.parse refuses, however it was damaged', () => {
    const good = '{"a":[1,2.5,"x\\n",true,null,{"b":-3e2}],"c":"\\u00e9"}';
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const bytes = Buffer.from(good);
        bytes[at] = byte;
        const parsed = parseStrict(bytes);
        if (!parsed.ok) return;
        expect(JSON.stringify(parsed.value)).toBe(JSON.stringify(plain(bytes.toString('utf8'))));
      }),
      { numRuns: 2_000 },
    );
  });
});
