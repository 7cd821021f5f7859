import { canonical } from '#trust';
import { policyDecision } from '#contracts';
import type { Bundle } from '../../apps/policy/src/io/bundle.js';
import { inWords, readCases, type GoldenCase } from './cases.js';
import type { Opa } from './opa.js';
import type { Report } from './report.js';
import { answersOfOpa, answersOfWasm, sameAnswer } from './two-engines.js';

/** What each rule must have a golden case of; `approve` is the case in which people are asked, by this rule or another. */
const kinds = ['allow', 'deny', 'approve', 'boundary', 'missing', 'wrong-type'];

/** Runs every golden case in OPA and in WebAssembly: both must say the same, and what the case expects. */
export async function checkGoldenCases(opa: Opa, bundle: Bundle, report: Report): Promise<void> {
  const cases = readCases();
  const [ofOpa, ofWasm] = [await answersOfOpa(opa, cases), answersOfWasm(bundle, cases)];
  cases.forEach((golden, index) => {
    const both = sameAnswer(ofOpa[index], ofWasm[index]) ? [] : ['OPA and WebAssembly differ'];
    report.note(`case ${golden.name}`, [...both, ...differences(golden, ofWasm[index])]);
  });
  for (const rule of Object.keys(bundle.catalogue)) report.note(`cases of ${rule}`, missingKinds(rule, cases));
}

/** What a case expects and did not get. */
export function differences({ expect }: GoldenCase, answer: unknown): string[] {
  const decision = policyDecision.safeParse(answer);
  if (!decision.success) return ['no decision that fits the contract'];
  const got: Record<string, unknown> = inWords(decision.data);
  return Object.entries(expect)
    .filter(([key, wanted]) => canonical(got[key]) !== canonical(wanted))
    .map(([key, wanted]) => `${key} is ${JSON.stringify(got[key])}, expected ${JSON.stringify(wanted)}`);
}

function missingKinds(rule: string, cases: readonly GoldenCase[]): string[] {
  const names = cases.filter((golden) => golden.rule === rule).map(({ name }) => name.slice(rule.length + 1));
  return kinds
    .filter((kind) => !names.some((name) => name === kind || name.startsWith(`${kind}-`)))
    .map((kind) => `no case of kind ${kind}`);
}
