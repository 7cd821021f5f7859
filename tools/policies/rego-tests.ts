import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCases } from './cases.js';
import type { Opa } from './opa.js';
import { scratchDir } from './place.js';
import type { Report } from './report.js';
import { sameAnswer } from './two-engines.js';
import { isRule, layOut, readConfig, regoFiles } from './sources.js';

/** Lays out rules, their tests and all golden cases, so that one `opa test` asks everything. */
export function layOutTests(dir: string): void {
  const shipped = readConfig();
  layOut(dir, regoFiles(), {
    config: shipped,
    cases: readCases().map(({ config, ...rest }) => (sameAnswer(config, shipped) ? rest : { ...rest, config })),
  });
  writeFileSync(join(dir, 'cases_test.rego'), goldenTest);
}

/** Says the same as `golden.ts`, inside OPA: the check of mutants runs it hundreds of times. */
const goldenTest = `package cases_test

words(findings) := sort([concat(" ", [f.rule, f.effect, f.code]) | some f in findings])

in_words(decision) := object.union(decision.obligations, {
	"decision": decision.decision,
	"findings": words(decision.findings),
	"shadow": words(decision.shadow),
	"waived": decision.waived,
})

test_golden_cases if {
	every golden in data.cases {
		config := object.get(golden, "config", data.config)
		decision := data.sallyport.main.decision with input as golden.input with data.config as config
		got := in_words(decision)
		every key, wanted in golden.expect {
			got[key] == wanted
		}
	}
}
`;

/** Runs each `_test.rego`; every guard and rule has one. */
export async function checkRegoTests(opa: Opa, report: Report): Promise<void> {
  const dir = join(scratchDir, 'tests');
  layOutTests(dir);
  const { stdout, stderr } = await opa(['test', '-f', 'json', '.'], dir);
  const results = readResults(stdout);
  if (results.length === 0) report.note('opa test', stderr === '' ? 'no test ran' : stderr);
  for (const { package: where, name, fail, error } of results) {
    report.note(`${where} ${name}`, fail === true || error !== undefined ? 'fails' : undefined);
  }
  const tested = new Set(regoFiles().filter((file) => file.endsWith('_test.rego')));
  for (const file of regoFiles().filter(isRule)) {
    report.note(file, tested.has(file.replace('.rego', '_test.rego')) ? undefined : 'has no test beside it');
  }
}

interface TestResult {
  package: string;
  name: string;
  fail?: boolean;
  error?: unknown;
}

function readResults(stdout: string): TestResult[] {
  return stdout.trim() === '' ? [] : ((JSON.parse(stdout) as TestResult[] | null) ?? []);
}
