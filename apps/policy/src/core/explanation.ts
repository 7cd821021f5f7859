import type { Explanation, Facts, Known, WhyUnexplained } from '#contracts';
import { digestOf } from '#trust';
import { memberOf } from './member.js';
import { functionsIn, namedNodes, plainFunctions, statementsIn } from './statement.js';
import type { Judged } from './verdict.js';

/** What EXPLAIN has a plan for and does not run: of a statement that only reads, and of others, for whoever may run them. */
const [reading, changing] = ['SelectStmt', new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'])] as const;

/**
 * Why a target is not asked for the plan of this text, by the parse tree of `libpg-query`; undefined when it may be. Planning runs functions that
 * call themselves stable or immutable, whatever they do: so each must be known.
 */
export function whyNotAsked(tree: unknown): WhyUnexplained | undefined {
  const top = memberOf(tree, 'stmts');
  if (!Array.isArray(top) || top.length === 0) return 'unparsed';
  if (top.length > 1) return 'several_statements';
  const all = [...statementsIn(top)];
  const makesTable = [...namedNodes(top, 'intoClause')].length > 0;
  if (makesTable || !all.every(({ type }) => type === reading || changing.has(type))) return 'no_plan';
  const locks = [...namedNodes(top, 'LockingClause')].length > 0;
  if (locks || all.some(({ type }) => changing.has(type))) return 'changes_rows';
  return [...functionsIn(top)].every((name) => plainFunctions.has(name)) ? undefined : 'unknown_function';
}

/** The target at which the gate would run the statement itself, if people are asked about that at all. */
export function brokeredAt({ verdict }: Judged, profile: Known<'profiles'> | undefined): string | undefined {
  const isFor = verdict.outcome === 'require_approval' && profile?.spec.issuer === 'postgres-brokered';
  return isFor ? profile.spec.target : undefined;
}

/**
 * With what the target says, for the people who decide and for nobody else: no rule has read it and no point is confirmed beside it, so that
 * an estimate that has changed by the next look makes no other verdict and voids no vote.
 */
export function explained({ verdict, facts }: Judged, explanation: Explanation, source: string): Judged {
  const at = new Date(verdict.iat * 1_000).toISOString();
  const all: Facts = { ...facts, 'context.explain': { value: explanation, source, at } };
  return { facts: all, verdict: { ...verdict, facts_digest: digestOf(all) } };
}
