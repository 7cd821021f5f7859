/** Keywords whose value is a schema, a list of schemas, or a record of schemas (JSON Schema 2020-12, core section 10). */
const one = ['items', 'contains', 'additionalProperties', 'unevaluatedProperties', 'unevaluatedItems', 'propertyNames', 'if', 'then', 'else', 'not', 'contentSchema']; // prettier-ignore
const list = ['prefixItems', 'allOf', 'anyOf', 'oneOf'];
const record = ['properties', 'patternProperties', '$defs', 'dependentSchemas'];
/** These only add conditions to what another schema has closed already. */
const inPlace = new Set([
  'allOf',
  'anyOf',
  'oneOf',
  'if',
  'then',
  'else',
  'not',
  'dependentSchemas',
  'contains',
  'propertyNames',
]);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The path of the first place in a JSON Schema that lets an unlisted property through, or undefined when it is closed.
 * A place that may hold an object says `additionalProperties: false` or `unevaluatedProperties: false`; a place that
 * says nothing about its type holds anything, so it is open. What stands in place (`allOf`, `if` …) is exempt.
 */
export function openSchema(schema: unknown, path = ''): string | undefined {
  if (schema === false) return undefined;
  if (!isRecord(schema)) return path;
  return mayHoldAnything(schema) ? path : openBelow(schema, path);
}

function mayHoldAnything(schema: Record<string, unknown>): boolean {
  // A reference is closed where it is defined: the whole schema and `$defs` are looked at, other places may be exempt.
  if (typeof schema['$ref'] === 'string') return !/^#(?:\/\$defs\/[^/]+)?$/u.test(schema['$ref']);
  if (isClosed(schema)) return false;
  const types = [schema['type']].flat();
  return types.includes(undefined) || types.includes('object') || (types.includes('array') && !closesItems(schema));
}

function isClosed(schema: Record<string, unknown>): boolean {
  const refusesRest = schema['additionalProperties'] === false || schema['unevaluatedProperties'] === false;
  const listsValues = 'const' in schema || 'enum' in schema;
  return refusesRest || listsValues || isUnionOfClosed(schema['oneOf']) || isUnionOfClosed(schema['anyOf']);
}

const isUnionOfClosed = (union: unknown): boolean =>
  Array.isArray(union) && union.length > 0 && union.every((schema) => openSchema(schema) === undefined);

const closesItems = (schema: Record<string, unknown>): boolean =>
  schema['items'] !== undefined || schema['unevaluatedItems'] === false;

function openBelow(schema: Record<string, unknown>, path: string): string | undefined {
  for (const [at, child] of places(schema)) {
    const open = openSchema(child, `${path}/${at}`);
    if (open !== undefined) return open;
  }
  return undefined;
}

function places(schema: Record<string, unknown>): [string, unknown][] {
  const found: [string, unknown][] = [];
  for (const [keyword, value] of Object.entries(schema)) {
    if (inPlace.has(keyword) || value === undefined) continue;
    if (one.includes(keyword)) found.push([keyword, value]);
    if (list.includes(keyword) && Array.isArray(value))
      value.forEach((v, i) => found.push([`${keyword}/${String(i)}`, v]));
    if (record.includes(keyword) && isRecord(value)) {
      for (const [name, v] of Object.entries(value)) found.push([`${keyword}/${name}`, v]);
    }
  }
  return found;
}
