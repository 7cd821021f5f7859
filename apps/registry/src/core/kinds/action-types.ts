import { openSchema } from '../closed-schema.js';
import { mismatch, none, registrarsOnly, type KindRule } from '../kind-rule.js';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What the headline of a view puts in place of `{name}`: a property, the resource, or `x_minor` in its `currency` for `{x}`. */
function isFilled(listed: Record<string, unknown>, name: string): boolean {
  if (name === 'resource' || Object.hasOwn(listed, name)) return true;
  return Object.hasOwn(listed, `${name}_minor`) && Object.hasOwn(listed, 'currency');
}

/** That the schema compiles is checked at the door, by the compiler that intake uses. */
export const actionTypes: KindRule<'action-types'> = {
  writers: registrarsOnly,
  references: none,
  claims: none,
  objection: ({ properties_schema: schema, view }) => {
    if (schema['type'] !== 'object') return mismatch('properties_schema: type is "object"');
    const open = openSchema(schema);
    if (open !== undefined) return mismatch(`properties_schema${open}: unlisted properties must be refused`);
    const listed = isRecord(schema['properties']) ? schema['properties'] : {};
    const unknown = [...view.matchAll(/\{([^{}]*)\}/gu)].find(([, name = '']) => !isFilled(listed, name));
    return unknown && mismatch(`view: ${unknown[0]} is not a property of the schema`);
  },
};
