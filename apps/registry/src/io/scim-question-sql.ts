import type { Column, Question, Test } from '../core/scim/question.js';

/** How a column is read, in the words of `ScimStore`: r is the resource, e its entry. Text compared without regard to case is in lower case. */
const columns: Record<Exclude<Column, 'email' | 'member'>, string> = {
  id: 'r.id::text',
  userName: "lower(r.resource ->> 'userName')",
  externalId: "(r.resource ->> 'externalId')",
  displayName: "lower(r.resource ->> 'displayName')",
  formatted: "lower(r.resource -> 'name' ->> 'formatted')",
  familyName: "lower(r.resource -> 'name' ->> 'familyName')",
  givenName: "lower(r.resource -> 'name' ->> 'givenName')",
  active: "(e.spec ->> 'state' = 'active')",
};

const tests: Record<Test, (held: string, asked: string) => string> = {
  eq: (held, asked) => `${held} = ${asked}`,
  ne: (held, asked) => `${held} IS DISTINCT FROM ${asked}`,
  co: (held, asked) => `strpos(${held}, ${asked}) > 0`,
  sw: (held, asked) => `starts_with(${held}, ${asked})`,
  ew: (held, asked) => `right(${held}, length(${asked})) = ${asked}`,
};

/** A condition over r and e; what the provider wrote goes into `params` and never into the text. Unknown is no. */
export function conditionOf(question: Question, params: unknown[]): string {
  if ('left' in question) {
    return `(${conditionOf(question.left, params)} ${question.op} ${conditionOf(question.right, params)})`;
  }
  if (question.op === 'not') return `NOT ${conditionOf(question.of, params)}`;
  if (question.op === 'pr') return `COALESCE(${presence(question.column)}, false)`;
  const { op, column, operand } = question;
  params.push(operand);
  return `COALESCE(${comparison(column, op, `$${String(params.length)}::${typeof operand === 'boolean' ? 'boolean' : 'text'}`)}, false)`;
}

function presence(column: Column): string {
  if (column === 'email') return "jsonb_array_length(r.resource -> 'emails') > 0";
  if (column === 'member') return "jsonb_array_length(e.spec -> 'members') > 0";
  return `${columns[column]} IS NOT NULL`;
}

function comparison(column: Column, op: Test, asked: string): string {
  if (column === 'email') {
    const one = tests[op]("lower(one ->> 'value')", asked);
    return `EXISTS (SELECT 1 FROM jsonb_array_elements(r.resource -> 'emails') one WHERE ${one})`;
  }
  if (column === 'member') {
    return `EXISTS (SELECT 1 FROM scim_resources m WHERE m.id::text = ${asked} AND m.provider = r.provider
                      AND m.kind = 'people' AND m.removed_at IS NULL AND e.spec -> 'members' ? m.entry_id)`;
  }
  return tests[op](columns[column], asked);
}
