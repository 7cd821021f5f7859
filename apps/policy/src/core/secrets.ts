import {
  requestValue,
  type Known,
  type PlanSecrets,
  type PolicyClaims,
  type PolicyConfig,
  type RequestValue,
} from '#contracts';
import { digestOfBytes, maskedText, membersNamed } from '#trust';
import { claimsOf } from './claims.js';
import { membersOf } from './member.js';

/**
 * What of this action is secret, and to whom: values under the names of the resource's secret fields, and under those that
 * the action type's schema marks `writeOnly` (JSON Schema 2020-12, validation section 9.4). Undefined where there is none.
 */
export function secretsOf(
  request: RequestValue,
  { resource, actionType }: { resource: Known<'resources'>; actionType: Known<'action-types'> | undefined },
  { usual, groups }: PolicyConfig['secrets'],
): PlanSecrets | undefined {
  const fields = resource.spec.fields.filter(({ secret }) => secret).map(({ name }) => name);
  const marked = new Set([...fields, ...writeOnly(actionType?.spec.properties_schema)]);
  const names = membersNamed(request.action.properties, marked);
  if (names.length === 0) return undefined;
  const shown = Object.entries(groups).map(([group, masking]) => ({ group, masking }));
  const digestAs = (hiding: 'masked' | 'digest'): string => digestOfBytes(maskedText(request, { names }, hiding));
  return {
    names,
    usual,
    groups: shown.sort((a, b) => (a.group < b.group ? -1 : 1)),
    texts: { masked: digestAs('masked'), digest: digestAs('digest') },
  };
}

/** The claims that stand in the plan before everybody: without what is secret, should the agent have repeated it there. */
export function claimsFor(request: RequestValue, secrets: PlanSecrets | undefined): PolicyClaims {
  if (secrets === undefined) return claimsOf(request);
  return claimsOf(requestValue.parse(JSON.parse(maskedText(request, secrets, 'masked'))));
}

/** Names of properties that the schema marks, wherever it speaks of properties. */
function writeOnly(schema: unknown): string[] {
  if (Array.isArray(schema)) return schema.flatMap(writeOnly);
  const members = Object.entries(membersOf(schema));
  return members.flatMap(([keyword, value]) => [
    ...(keyword === 'properties' ? markedIn(value) : []),
    ...writeOnly(value),
  ]);
}

const markedIn = (properties: unknown): string[] =>
  Object.entries(membersOf(properties)).flatMap(([name, schema]) =>
    membersOf(schema)['writeOnly'] === true ? [name] : [],
  );
