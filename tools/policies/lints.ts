import type { Opa } from './opa.js';
import { policiesDir } from './place.js';
import type { Report } from './report.js';
import { isRule, isTest, regoFiles } from './sources.js';
import { packageOf, parse, pathOf, termsIn, type Module, type Rule, type Term } from './syntax.js';

/** Our own rules for rules. A lint that found nothing to look at would pass anything, so each counts what it saw. */
export async function checkLints(opa: Opa, report: Report): Promise<void> {
  const files = regoFiles().filter((file) => !isTest(file));
  for (const file of files) report.note(`lint ${file}`, lint(await parse(opa, policiesDir, file)));
}

/** What is wrong with a module. */
export function lint(module: Module): string[] {
  const general = [...misplaced(module), ...foreign(module)];
  return isRule(module.file) ? [...general, ...findings(module)] : general;
}

function misplaced(module: Module): string[] {
  const path = module.file.replace(/\.rego$/u, '').split('/');
  const wanted = ['data', 'sallyport', ...(path[0] === 'main' ? ['main'] : path)].join('.');
  return packageOf(module) === wanted ? [] : [`package ${packageOf(module)} does not match its path`];
}

/** No rule reads another rule's findings, and no path is put together from the input: the two engines disagree about those. */
function foreign(module: Module): string[] {
  const paths = module.rules.flatMap((rule) => [...termsIn(rule)].map(pathOf)).filter(([root]) => root === 'data');
  const wrong: string[] = [];
  for (const path of paths) {
    if (path[1] === 'sallyport' && path[2] !== 'lib' && !module.file.startsWith('main/')) {
      wrong.push(`reads ${path.map(String).join('.')}`);
    }
    if (path.some((part) => typeof part === 'number')) wrong.push('reads data by a numeric key');
    if (path[1] === undefined) wrong.push('reads data by a computed name');
  }
  return wrong;
}

interface Found {
  rule: Rule;
  fields: Map<string, Term>;
}

/** The objects in a module that are findings: those with a `rule` and an `effect`. */
function found(module: Module): Found[] {
  return module.rules.flatMap((rule) =>
    [...termsIn(rule)].flatMap((term) => {
      const fields = fieldsOf(term);
      return fields.has('rule') && fields.has('effect') ? [{ rule, fields }] : [];
    }),
  );
}

function fieldsOf({ type, value }: Term): Map<string, Term> {
  if (type !== 'object') return new Map();
  return new Map((value as [Term, Term][]).map(([key, field]) => [String(key.value), field]));
}

function findings(module: Module): string[] {
  const all = found(module);
  if (all.length === 0) return ['finds nothing'];
  const ids = new Set(all.map(({ fields }) => String(fields.get('rule')?.value)));
  const several = ids.size === 1 ? [] : [`has ${String(ids.size)} rule ids`];
  return [
    ...several,
    ...all.flatMap((one) => [...incomplete(one), ...homeless(module, one), ...claiming(module, one)]),
  ];
}

function incomplete({ fields }: Found): string[] {
  return ['rule', 'effect', 'code', 'params']
    .filter((name) => !fields.has(name))
    .map((name) => `a finding has no ${name}`);
}

const homes: Record<string, string> = { allow: 'rules/scope/', emergency: 'rules/incident/' };

/** Only the scope rule allows, only the incident rules know emergencies, a guard only denies. */
function homeless(module: Module, { fields }: Found): string[] {
  const effect = fields.get('effect');
  if (effect?.type !== 'string') return ['the effect of a finding is computed'];
  const name = String(effect.value);
  if (module.file.startsWith('guard/') && name !== 'deny') return [`a guard finds ${name}`];
  const home = homes[name];
  return home === undefined || module.file.startsWith(home) ? [] : [`${name} may only be found in ${home}`];
}

/** What lets an action through without people may not read a word of the agent's, not even through other rules of the module. */
function claiming(module: Module, { rule, fields }: Found): string[] {
  const effect = String(fields.get('effect')?.value);
  if (effect !== 'allow' && effect !== 'emergency') return [];
  return reachable(module, rule).some(readsClaims) ? [`an ${effect} finding reads a claim`] : [];
}

/** The rule, and every rule of the module that it names, directly or not. */
function reachable(module: Module, start: Rule): Rule[] {
  const seen = new Set<Rule>([start]);
  for (const rule of seen) {
    const named = new Set(
      [...termsIn([rule.head.key, rule.head.value, rule.head.args, rule.body])].flatMap(({ type, value }) =>
        type === 'var' ? [value] : [],
      ),
    );
    for (const other of module.rules) if (named.has(other.head.name)) seen.add(other);
  }
  return [...seen];
}

/** Also true where it cannot be told: the whole input handed on, or a name that is computed. */
function readsClaims(rule: Rule): boolean {
  const reads = [...termsIn(rule)].map(pathOf).filter(([root]) => root === 'input');
  const isClaim = ([, name]: readonly unknown[]): boolean => name === 'claims' || name === undefined;
  if (reads.filter((path) => path.length > 1).some(isClaim)) return true;
  // `input` by itself is fine only as the object of `object.get` with a literal path that does not lead to the claims.
  const alone = reads.filter((path) => path.length === 1).length;
  return alone > [...callsIn(rule)].filter(isHarmlessGet).length;
}

function* callsIn(node: unknown): Generator<Term[]> {
  if (typeof node !== 'object' || node === null) return;
  if (Array.isArray(node) && node.length > 2 && pathOf(node[0] as Term)[0] === 'object') yield node as Term[];
  for (const child of Object.values(node)) yield* callsIn(child);
}

function isHarmlessGet([name, object, path]: Term[]): boolean {
  if (name === undefined || object === undefined || path === undefined) return false;
  if (pathOf(name).join('.') !== 'object.get' || pathOf(object).join('.') !== 'input' || path.type !== 'array') return false;
  const [first] = path.value as Term[];
  return first?.type === 'string' && first.value !== 'claims';
}
