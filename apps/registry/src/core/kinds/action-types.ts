import type { RowsSummary } from '#contracts';
import { openSchema } from '../closed-schema.js';
import { mismatch, none, registrarsOnly, type KindRule } from '../kind-rule.js';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What the headline of a view puts in place of `{name}`: a property, the resource, or `x_minor` in its `currency` for `{x}`. */
function isFilled(listed: Record<string, unknown>, name: string): boolean {
  if (name === 'resource' || Object.hasOwn(listed, name)) return true;
  return Object.hasOwn(listed, `${name}_minor`) && Object.hasOwn(listed, 'currency');
}

/** A summary is typed: it is of a list, and adds up whole numbers of its rows, and nothing that is hidden from some. */
function isSummedUp(schema: unknown, { sums }: RowsSummary): boolean {
  if (!isRecord(schema) || schema['type'] !== 'array') return false;
  const { items } = schema;
  const listed = isRecord(items) && isRecord(items['properties']) ? items['properties'] : undefined;
  const isOpen = (name: string): boolean => isRecord(listed?.[name]) && listed[name]['writeOnly'] !== true;
  const isWhole = (name: string): boolean => isRecord(listed?.[name]) && listed[name]['type'] === 'integer';
  return sums.every(({ by, field }) => isWhole(field) && isOpen(field) && isOpen(by ?? field));
}

/** That the schema compiles is checked at the door, by the compiler that intake uses. */
export const actionTypes: KindRule<'action-types'> = {
  writers: registrarsOnly,
  references: none,
  claims: none,
  objection: ({ properties_schema: schema, summaries = {}, view }) => {
    if (schema['type'] !== 'object') return mismatch('properties_schema: type is "object"');
    const open = openSchema(schema);
    if (open !== undefined) return mismatch(`properties_schema${open}: unlisted properties must be refused`);
    const listed = isRecord(schema['properties']) ? schema['properties'] : {};
    const unknown = [...view.matchAll(/\{([^{}]*)\}/gu)].find(([, name = '']) => !isFilled(listed, name));
    if (unknown !== undefined) return mismatch(`view: ${unknown[0]} is not a property of the schema`);
    const wrong = Object.entries(summaries).find(([name, summary]) => !isSummedUp(listed[name], summary));
    return (
      wrong &&
      mismatch(`summaries.${wrong[0]}: not a list, or its rows have no such whole numbers that everybody may see`)
    );
  },
};
