import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonical } from '#trust';
import { policyConfig } from '#contracts';
import type { Bundle } from '../../apps/policy/src/io/bundle.js';
import { PolicyEngine } from '../../apps/policy/src/io/policy-engine.js';
import { mustRun, type Opa } from './opa.js';
import { scratchDir } from './place.js';
import { isTest, layOut, regoFiles } from './sources.js';

export interface Question {
  input: unknown;
  config: unknown;
}

/** Every question answered by OPA itself, in one run. A missing answer is null. */
export async function answersOfOpa(opa: Opa, questions: readonly Question[]): Promise<unknown[]> {
  const dir = join(scratchDir, 'opa');
  layOut(
    dir,
    regoFiles().filter((file) => !isTest(file)),
    { questions },
  );
  writeFileSync(join(dir, 'ask.rego'), asking);
  const printed = await mustRun(opa, ['eval', '-f', 'raw', '-d', '.', 'data.ask.answers'], dir);
  rmSync(dir, { recursive: true, force: true });
  return JSON.parse(printed) as unknown[];
}

const asking = `package ask

answers := [answer |
	some question in data.questions
	answer := answer_of(question)
]

answer_of(question) := decision if {
	decision := data.sallyport.main.decision with input as question.input with data.config as question.config
} else := null
`;

/** Which resource patterns cover which ids, as the rules see it. */
export async function coveredByRules(opa: Opa, pairs: readonly [string, string][]): Promise<boolean[]> {
  const dir = join(scratchDir, 'patterns');
  layOut(dir, ['lib/patterns.rego'], { pairs });
  // What is not covered is undefined, not false: hence the count.
  const query = '[c | some p in data.pairs; c := count([p | data.sallyport.lib.patterns.covers_any([p[0]], p[1])])]';
  const counts = JSON.parse(await mustRun(opa, ['eval', '-f', 'raw', '-d', '.', query], dir)) as number[];
  return counts.map((count) => count === 1);
}

/** The same questions answered by the compiled module, as the service runs it. */
export function answersOfWasm(bundle: Bundle, questions: readonly Question[]): unknown[] {
  return questions.map(wasmAnswers(bundle));
}

/** Answers one by one; `besides` joins each config. */
export function wasmAnswers(bundle: Bundle, besides: object = {}): (question: Question) => unknown {
  const engines = new Map<string, PolicyEngine>();
  return ({ input, config }) => {
    const key = JSON.stringify(config);
    const engine =
      engines.get(key) ?? new PolicyEngine({ ...bundle, config: { ...policyConfig.parse(config), ...besides } });
    engines.set(key, engine);
    const answer = engine.evaluateUnchecked(input);
    return answer.ok ? answer.decision : null;
  };
}

/** The order of keys means nothing, so it is taken away first. */
export const sameAnswer = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);
