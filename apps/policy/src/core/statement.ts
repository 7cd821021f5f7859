import type { PolicyInput } from '#contracts';
import { memberOf, membersOf } from './member.js';

export type StatementFact = NonNullable<PolicyInput['context']['statement']>;

/** What did not parse: nobody knows what it does. */
export const unparsed: StatementFact = { parsed: false, count: 0, kinds: [], tables: [], destructive: true };

/** Statements that add and take nothing away. Whatever is not known here is destructive. */
const adding = new Set([
  'CreateStmt', 'IndexStmt', 'CommentStmt', 'CreateSeqStmt', 'CreateEnumStmt', 'CreateSchemaStmt', 'AlterEnumStmt', 'SelectStmt',
  'InsertStmt', 'ExplainStmt',
]); // prettier-ignore

const addingToTable = new Set([
  'AT_AddColumn', 'AT_ColumnDefault', 'AT_DropNotNull', 'AT_SetNotNull', 'AT_AddConstraint', 'AT_ValidateConstraint', 'AT_SetStatistics',
]); // prettier-ignore

/** Functions without effects. Any other may do anything. */
export const plainFunctions = new Set([
  'now', 'clock_timestamp', 'lower', 'upper', 'length', 'btrim', 'ltrim', 'rtrim', 'concat', 'substring', 'replace', 'round', 'abs', 'floor',
  'ceil', 'count', 'sum', 'min', 'max', 'avg', 'gen_random_uuid', 'to_char', 'date_trunc', 'timezone', 'jsonb_build_object',
]); // prettier-ignore

interface Statement {
  /** As PostgreSQL's parser names it, `AlterTableStmt`. */
  type: string;
  node: Record<string, unknown>;
}

/** Says what a parse tree of `libpg-query` does, statements inside statements included. */
export function statementOf(tree: unknown): StatementFact {
  const top = memberOf(tree, 'stmts');
  if (!Array.isArray(top) || top.length === 0) return unparsed;
  const all = top.flatMap((entry: unknown) => [...statementsIn(memberOf(entry, 'stmt'))]);
  const kinds = all.flatMap(kindsOf);
  return {
    parsed: true,
    count: top.length,
    kinds: [...new Set(kinds)].sort(),
    tables: [...new Set(top.flatMap((entry) => [...tablesIn(entry)]))].sort(),
    destructive: !all.every(isHarmless) || [...functionsIn(top)].some((name) => !plainFunctions.has(name)),
  };
}

/** `alter_table.add_column`, `update.unbounded`, `drop`: for people. */
function kindsOf({ type, node }: Statement): string[] {
  const name = snake(type.replace(/Stmt$/u, ''));
  if (type === 'AlterTableStmt')
    return commandsOf(node).map((command) => `${name}.${snake(command.replace(/^AT_/u, ''))}`);
  if (type === 'UpdateStmt' || type === 'DeleteStmt') return [isBounded(node) ? name : `${name}.unbounded`];
  if (type === 'DropStmt')
    return [
      `${name}.${String(node['removeType'])
        .replace(/^OBJECT_/u, '')
        .toLowerCase()}`,
    ];
  return [name];
}

function isHarmless({ type, node }: Statement): boolean {
  if (type === 'AlterTableStmt') {
    const commands = commandsOf(node);
    return commands.length > 0 && commands.every((command) => addingToTable.has(command));
  }
  if (type === 'UpdateStmt' || type === 'DeleteStmt') return isBounded(node);
  return adding.has(type);
}

/** A condition that looks at no column picks every row or none. */
function isBounded(node: Record<string, unknown>): boolean {
  return [...namedNodes(node['whereClause'], 'ColumnRef')].length > 0;
}

function commandsOf(node: Record<string, unknown>): string[] {
  return [...namedNodes(node['cmds'], 'AlterTableCmd')].map((command) => String(command['subtype']));
}

export function* statementsIn(node: unknown): Generator<Statement> {
  for (const [key, value] of members(node)) {
    if (/^[A-Z]\w*Stmt$/u.test(key) && typeof value === 'object' && value !== null)
      yield { type: key, node: membersOf(value) };
    yield* statementsIn(value);
  }
}

function* tablesIn(node: unknown): Generator<string> {
  for (const table of namedNodes(node, 'RangeVar')) yield nameOf(table);
  for (const drop of namedNodes(node, 'DropStmt')) yield* droppedBy(drop);
  // ALTER TABLE and INSERT name their table without the wrapper.
  for (const [key, value] of members(node)) {
    if (key === 'relation' && memberOf(value, 'relname') !== undefined) yield nameOf(value);
    yield* tablesIn(value);
  }
}

/** DROP names its objects as lists of words. */
function* droppedBy({ objects }: Record<string, unknown>): Generator<string> {
  for (const { items } of namedNodes(objects, 'List')) {
    if (Array.isArray(items)) yield [...namedNodes(items, 'String')].map(({ sval }) => String(sval)).join('.');
  }
}

function nameOf(table: unknown): string {
  const [schema, name] = [memberOf(table, 'schemaname'), memberOf(table, 'relname')].map(textOf);
  return schema === '' ? String(name) : `${String(schema)}.${String(name)}`;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

export function* functionsIn(node: unknown): Generator<string> {
  for (const call of namedNodes(node, 'FuncCall')) {
    const parts = Array.isArray(call['funcname']) ? call['funcname'] : [];
    const names = parts.map((part: unknown) => textOf(memberOf(memberOf(part, 'String'), 'sval')));
    yield names[0] === 'pg_catalog' ? names.slice(1).join('.') : names.join('.');
  }
}

/** The nodes of one type, wherever they are. */
export function* namedNodes(node: unknown, type: string): Generator<Record<string, unknown>> {
  for (const [key, value] of members(node)) {
    if (key === type) yield membersOf(value);
    yield* namedNodes(value, type);
  }
}

function members(node: unknown): [string, unknown][] {
  return typeof node === 'object' && node !== null ? Object.entries(node) : [];
}

const snake = (name: string): string => name.replace(/(?<=[a-z])(?=[A-Z])/gu, '_').toLowerCase();
