import { describe, expect, it } from '@jest/globals';
import { openSchema } from './closed-schema.js';

const closed = { type: 'object', additionalProperties: false };
const text = { type: 'string' };

describe('a closed schema', () => {
  it.each<[string, object]>([
    ['lists its properties', { ...closed, properties: { a: text } }],
    ['says unevaluatedProperties', { type: 'object', unevaluatedProperties: false, properties: { a: text } }],
    [
      'nests closed objects and lists',
      { ...closed, properties: { a: { type: 'array', items: { ...closed, properties: { b: text } } } } },
    ],
    [
      'lets one of several closed shapes in',
      { ...closed, properties: { a: { oneOf: [{ ...closed }, { type: 'null' }] } } },
    ],
    [
      'refers to closed definitions',
      { ...closed, properties: { a: { $ref: '#/$defs/a' } }, $defs: { a: { ...closed } } },
    ],
    [
      'adds conditions in place',
      { ...closed, properties: { a: text }, if: { required: ['a'] }, then: { properties: { a: { minLength: 1 } } } },
    ],
    ['lists values', { ...closed, properties: { a: { enum: ['x', 'y'] }, b: { const: 1 } } }],
    ['has named patterns', { ...closed, patternProperties: { '^x-': text } }],
  ])('%s', (_, schema) => {
    expect(openSchema(schema)).toBeUndefined();
  });

  it.each<[string, object, string]>([
    ['says nothing about the rest', { type: 'object', properties: { a: text } }, ''],
    ['gives the rest a schema', { type: 'object', additionalProperties: text }, ''],
    ['says nothing at all', {}, ''],
    ['nests an open object', { ...closed, properties: { a: { type: 'object' } } }, '/properties/a'],
    ['nests anything', { ...closed, properties: { a: {} } }, '/properties/a'],
    ['nests true', { ...closed, properties: { a: true } }, '/properties/a'],
    ['lists anything', { ...closed, properties: { a: { type: 'array' } } }, '/properties/a'],
    [
      'lists open objects',
      { ...closed, properties: { a: { type: 'array', items: { type: 'object' } } } },
      '/properties/a/items',
    ],
    [
      'lets an open shape in among others',
      { ...closed, properties: { a: { anyOf: [text, { type: 'object' }] } } },
      '/properties/a',
    ],
    ['lets an object or nothing in', { ...closed, properties: { a: { type: ['object', 'null'] } } }, '/properties/a'],
    ['refers to an open definition', { ...closed, $defs: { a: { type: 'object' } } }, '/$defs/a'],
    [
      'refers to a place that is exempt',
      { ...closed, properties: { a: { $ref: '#/allOf/0' } }, allOf: [{}] },
      '/properties/a',
    ],
    [
      'refers to somewhere else',
      { ...closed, properties: { a: { $ref: 'https://example.com/x.json' } } },
      '/properties/a',
    ],
    ['has an open pattern', { ...closed, patternProperties: { '^x-': {} } }, '/patternProperties/^x-'],
  ])('is not one that %s', (_, schema, path) => {
    expect(openSchema(schema)).toBe(path);
  });
});
