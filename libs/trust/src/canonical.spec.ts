import { describe, expect, it } from '@jest/globals';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { actionDigest, canonical, digestOf, digestOfBytes, shapeDigest } from './canonical.js';
import { parseStrict } from './strict-json.js';

const double = (hex: string): number => Buffer.from(hex, 'hex').readDoubleBE();

describe('canonical', () => {
  it('writes the example of RFC 8785 section 3.2.2', () => {
    const text = String.raw`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
      "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`;
    expect(canonical(JSON.parse(text))).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  it('sorts by UTF-16 code units, as in RFC 8785 section 3.2.3', () => {
    const text = String.raw`{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}`;
    const names = [...canonical(JSON.parse(text)).matchAll(/:"([^"]+)"/gu)].map(([, name]) => name);
    expect(names).toEqual([
      'Carriage Return', 'One', 'Control', 'Latin Small Letter O With Diaeresis', 'Euro Sign', 'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ]); // prettier-ignore
  });

  it('sorts names that look like numbers as text', () => {
    expect(canonical({ 10: 1, 9: 2, '': 3 })).toBe('{"":3,"10":1,"9":2}');
  });

  it.each([
    ['0000000000000000', '0'], ['8000000000000000', '0'], ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'], ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'], ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'], ['44b52d02c7e14af6', '1e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'], ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'], ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'], ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('writes the double %s of RFC 8785 appendix B as %s', (hex, text) => {
    expect(canonical(double(hex))).toBe(text);
  }); // prettier-ignore

  it.each([
    ['NaN', Number.NaN], ['infinity', Number.NEGATIVE_INFINITY], ['a lone surrogate', '\ud800'],
    ['a lone surrogate in a name', { '\udc00': 1 }], ['a Date', { at: new Date(0) }], ['a Map', new Map()],
    ['a function', { f: () => 1 }], ['a bigint', 1n], ['undefined', undefined], ['a hole', [1, undefined]],
  ])('throws on %s', (_, value) => {
    expect(() => canonical(value)).toThrow(TypeError);
  }); // prettier-ignore

  it('takes an absent member and an undefined one for the same', () => {
    expect(canonical({ a: undefined, b: 1 })).toBe(canonical({ b: 1 }));
  });

  it('agrees with an independent implementation', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        fc.pre(!/\\u[dD][89a-fA-F]/u.test(JSON.stringify(value)));
        expect(canonical(value)).toBe(canonicalize(value));
      }),
      { numRuns: 500 },
    );
  });

  it('does not depend on the order of members, the space between them, or how they were escaped', () => {
    const read = (text: string): unknown => {
      const parsed = parseStrict(Buffer.from(text));
      return parsed.ok ? parsed.value : undefined;
    };
    expect(canonical(read('{ "b":1.0, "a":"\\u0041" }'))).toBe(canonical(read('{"a":"A","b":1}')));
  });
});

describe('digests', () => {
  const action = {
    id: '0193',
    source: 'urn:sallyport:agent:a',
    data: { action: { name: 'x' }, context: { why: 'y' } },
  };

  it('are prefixed base64url of SHA-256', () => {
    expect(digestOfBytes('')).toBe('sha256:47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU');
    expect(digestOf({})).toBe(digestOfBytes('{}'));
  });

  it('of an action are over a tagged text, so that no other digest can equal them', () => {
    expect(actionDigest(action)).toBe(digestOfBytes(`sallyport/action/v1\0${canonical(action)}`));
    expect(actionDigest(action)).not.toBe(digestOf(action));
  });

  it('of an action change with every part of it', () => {
    const all = [
      action,
      { ...action, id: '0194' },
      { ...action, source: 'urn:sallyport:agent:b' },
      { ...action, data: { ...action.data, action: { name: 'z' } } },
      { ...action, data: { ...action.data, context: { why: 'z' } } },
    ].map(actionDigest);
    expect(new Set(all).size).toBe(all.length);
  });

  it('of a shape leave out id and context, and nothing else', () => {
    const shape = shapeDigest(action);
    expect(shapeDigest({ ...action, data: { ...action.data, context: { why: 'z' } } })).toBe(shape);
    expect(shapeDigest({ ...action, source: 'urn:sallyport:agent:b' })).not.toBe(shape);
    expect(shapeDigest({ ...action, data: { ...action.data, action: { name: 'z' } } })).not.toBe(shape);
  });
});
