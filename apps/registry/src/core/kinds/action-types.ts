import { openSchema } from '../closed-schema.js';
import { mismatch, none, registrarsOnly, type KindRule } from '../kind-rule.js';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

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
    const unknown = [...view.matchAll(/\{([^{}]*)\}/gu)].find(([, name]) => !Object.hasOwn(listed, name ?? ''));
    return unknown && mismatch(`view: ${unknown[0]} is not a property of the schema`);
  },
};
