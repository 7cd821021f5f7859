import { explanation, type WhyUnexplained } from '#contracts';
import { originOf, type Fact } from './fact-lines.js';
import { row } from './say.js';

const whys: Record<WhyUnexplained, string> = {
  unparsed: 'PostgreSQL cannot read this statement',
  several_statements: 'these are several statements, and one is run',
  no_plan: 'it reads and changes no rows by itself, as a change of the schema does; such statements have no plan',
  changes_rows: 'it changes or locks rows; the target is only asked about what reads, by a role that may write nothing',
  unknown_function: 'it calls a function that may do anything, also when only a plan is made',
  refused: 'the target does not take it',
  profile_mismatch: 'the profile does not fit it',
  stopped: 'the agent is suspended, or the kill switch is pulled',
  not_installed: 'the target does not explain, or not as it must; install its functions again',
  unavailable: 'the target did not answer in time',
};

/** SQLSTATE `insufficient_privilege`: says nothing about what the statement may do when it is run. */
const forbidden = '42501';

/** What the target has said that it would do, or in words why it was not asked, or said nothing. */
export function explainLines(facts: readonly Fact[]): string[] {
  const fact = facts.find(({ name }) => name === 'context.explain');
  if (fact === undefined) return [];
  const said = explanation.safeParse(fact.value).data;
  const origin = `(${originOf(fact)})`;
  if (said === undefined) return row('EXPLAIN', `in a form that this version does not know ${origin}`);
  if (!said.explained) {
    const code = said.sqlstate === undefined ? '' : `, ${said.sqlstate}`;
    const why = said.sqlstate === forbidden ? 'the role that explains may not read all that it names' : whys[said.why];
    return row('EXPLAIN', `none: ${why} (${said.why}${code}) ${origin}`);
  }
  const head = `about ${String(said.rows)} rows, cost ${String(said.cost)}; estimated, nothing was run ${origin}`;
  return row('EXPLAIN', [head, ...said.steps].join('\n'));
}
