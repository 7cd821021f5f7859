import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bundle } from '../../apps/policy/src/io/bundle.js';
import { readCases, type GoldenCase } from './cases.js';
import { compileLayout } from './compile.js';
import { differences } from './golden.js';
import type { Opa } from './opa.js';
import { policiesDir, scratchDir } from './place.js';
import { layOutTests } from './rego-tests.js';
import type { Report } from './report.js';
import { isTest, layOut, readConfig, regoFiles } from './sources.js';
import { parse, sourceOf, type Location, type Rule } from './syntax.js';
import { wasmAnswers } from './two-engines.js';

interface Mutant {
  file: string;
  rule: Rule;
  /** `file:row name`. */
  name: string;
}

/**
 * Makes each rule body never true, one at a time: a golden case or a test must notice. All mutants are compiled into one
 * module, in which each body asks whether it is the one that is dropped; those that no golden case notices meet the tests.
 */
export async function checkMutants(opa: Opa, bundle: Bundle, report: Report): Promise<void> {
  const all = await mutants(opa);
  const switched = await withSwitches(opa, bundle, all);
  const cases = readCases();
  const noticed = (dropped: string): boolean => notices(cases, wasmAnswers(switched, { dropped }));
  if (noticed('')) throw new Error('the rules with switches do not decide as the rules do');
  const left = all.filter(({ rule, name }) => rule.default === true || !noticed(name));
  const survivors: string[] = [];
  for (const mutant of left) if (await survives(opa, mutant)) survivors.push(mutant.name);
  for (const { name } of all) {
    report.note(`mutant ${name}`, survivors.includes(name) ? 'nothing fails when this body is dropped' : undefined);
  }
}

async function mutants(opa: Opa): Promise<Mutant[]> {
  const modules = await Promise.all(sources().map((file) => parse(opa, policiesDir, file)));
  return modules.flatMap(({ file, rules }) =>
    rules.map((rule) => ({ file, rule, name: `${file}:${String(rule.location.row)} ${rule.head.name}` })),
  );
}

const sources = (): string[] => regoFiles().filter((file) => !isTest(file));

async function withSwitches(opa: Opa, bundle: Bundle, all: readonly Mutant[]): Promise<Bundle> {
  const dir = join(scratchDir, 'switches');
  layOut(dir, sources(), { config: readConfig(), catalogue: bundle.catalogue });
  for (const file of sources()) {
    const own = all.filter((mutant) => mutant.file === file && mutant.rule.default !== true);
    // From the end, so that what was found at a row is still there.
    const text = own
      .toReversed()
      .reduce(
        (source, { rule, name }) => onlyIf(source, rule, `data.config.dropped != "${name}"`),
        readFileSync(join(dir, file), 'utf8'),
      );
    writeFileSync(join(dir, file), text);
  }
  return compileLayout(opa, { dir, file: join(scratchDir, 'switches.tar.gz'), revision: 'switches' });
}

function notices(cases: readonly GoldenCase[], answer: (golden: GoldenCase) => unknown): boolean {
  return cases.some((golden) => differences(golden, answer(golden)).length > 0);
}

/** Exit code 2 is a failed test; a mutant that does not even compile would say nothing about the tests. */
async function survives(opa: Opa, { file, rule }: Mutant): Promise<boolean> {
  const dir = join(scratchDir, 'mutant');
  layOutTests(dir);
  const original = readFileSync(join(dir, file), 'utf8');
  writeFileSync(
    join(dir, file),
    rule.default === true ? removed(original, rule.location) : onlyIf(original, rule, 'false'),
  );
  const { code, stdout, stderr } = await opa(['test', '.'], dir);
  if (code !== 0 && code !== 2) throw new Error(`a mutant of ${file} does not compile:\n${stderr}${stdout}`);
  return code === 0;
}

function removed(source: string, location: Location): string {
  const from = offset(source, location);
  return source.slice(0, from) + source.slice(from + sourceOf(location).length);
}

/** The source with one more condition on a rule; its head stays, so that whatever names it still compiles. */
export function onlyIf(source: string, rule: Rule, condition: string): string {
  const from = offset(source, rule.location);
  const first = rule.body[0]?.location;
  const body = first === undefined ? from : offset(source, first);
  const before = source.slice(from, body);
  if (first === undefined || !/\bif\s*\{?\s*$/u.test(before)) return withNewBody(source, from, condition);
  if (before.trimEnd().endsWith('{')) return `${source.slice(0, body)}${condition}\n\t${source.slice(body)}`;
  const end = body + bodyLength(source, body);
  return `${source.slice(0, body)}{\n\t${condition}\n\t${source.slice(body, end)}\n}${source.slice(end)}`;
}

/** A body without braces, and a rule without a body, end where a blank line, or the file, does: `opa fmt` writes it so. */
function bodyLength(source: string, from: number): number {
  const blank = source.indexOf('\n\n', from);
  return (blank === -1 ? source.trimEnd().length : blank) - from;
}

function withNewBody(source: string, from: number, condition: string): string {
  const end = from + bodyLength(source, from);
  return `${source.slice(0, end)} if ${condition}${source.slice(end)}`;
}

function offset(source: string, { row, col }: Location): number {
  const lines = source.split('\n').slice(0, row - 1);
  return lines.reduce((sum, line) => sum + line.length + 1, 0) + col - 1;
}
