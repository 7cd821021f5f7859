import fc from 'fast-check';
import { coversResource, policyDecision, policyInput, type PolicyDecision } from '#contracts';
import type { Bundle } from '../../apps/policy/src/io/bundle.js';
import { PolicyEngine } from '../../apps/policy/src/io/policy-engine.js';
import { mergePatch, readCases } from './cases.js';
import { claimsOf, withoutOneFact, ruleModes } from './generated.js';
import type { Opa } from './opa.js';
import type { Report } from './report.js';
import { answersOfOpa, answersOfWasm, coveredByRules, sameAnswer } from './two-engines.js';

/** `folds` make an engine of their own each. */
const counts = {
  deep: { runs: 20_000, folds: 3_000, compared: 3_000 },
  usual: { runs: 1_500, folds: 200, compared: 300 },
  fast: { runs: 200, folds: 30, compared: 100 },
};
const depth = process.env['TEST_DEPTH'];
const { runs, folds, compared } = counts[depth === 'deep' || depth === 'fast' ? depth : 'usual'];

const strength = { allow: 0, require_approval: 1, deny: 2 };

/** What must hold for every input, not only for the golden ones. The seed is printed with what it found. */
export async function checkInvariants(opa: Opa, bundle: Bundle, report: Report): Promise<void> {
  const inputs = fc.constantFrom(...readCases().map(({ input }) => input));
  const engine = new PolicyEngine(bundle);
  const judge = (input: unknown): PolicyDecision => decided(engine, input);
  report.note('no claim opens or loosens anything', holds(claims(inputs, judge)));
  report.note('a fact that is missing never loosens', holds(missingFacts(inputs, judge)));
  report.note('the fold', holds(folding(inputs, bundle), folds));
  report.note('OPA and WebAssembly agree', await agree(opa, bundle, inputs));
  report.note('patterns mean the same to rules and services', await samePatterns(opa));
}

function decided(engine: PolicyEngine, input: unknown): PolicyDecision {
  const answer = engine.evaluateUnchecked(input);
  if (!answer.ok) throw new Error(`${answer.why} ${answer.detail}`);
  return answer.decision;
}

function holds<T>(property: fc.IProperty<T>, numRuns = runs): string | undefined {
  const result = fc.check(property, { numRuns });
  if (!result.failed) return undefined;
  return `seed ${String(result.seed)}: ${JSON.stringify(result.counterexample)} ${String(result.errorInstance)}`;
}

type Judge = (input: unknown) => PolicyDecision;
type Inputs = fc.Arbitrary<unknown>;

/** Whatever the agent writes: never allow where its silence is not allow, the same emergencies, the same duties of people and lifetimes. */
function claims(inputs: Inputs, judge: Judge): fc.IProperty<[unknown, unknown]> {
  return fc.property(inputs, claimsOf(), (input, words) => {
    const silent = judge({ ...Object(input), claims: { justification: '' } });
    const told = judge({ ...Object(input), claims: words });
    if (told.decision === 'allow' && silent.decision !== 'allow') throw new Error('a claim yields allow');
    const emergencies = ({ findings }: PolicyDecision): unknown =>
      findings.filter(({ effect }) => effect === 'emergency');
    if (!sameAnswer(emergencies(told), emergencies(silent))) throw new Error('a claim changes an emergency');
    const duties = ({ obligations: { approvals, parallel, veto, step_up, approval_ttl_s, credential } }: PolicyDecision): unknown => [
      approvals,
      parallel,
      veto,
      step_up,
      approval_ttl_s,
      credential,
    ];
    if (!sameAnswer(duties(told), duties(silent)))
      throw new Error('a claim changes what people must do, or a lifetime');
  });
}

function missingFacts(inputs: Inputs, judge: Judge): fc.IProperty<[unknown, (input: unknown) => unknown]> {
  return fc.property(inputs, withoutOneFact(), (input, without) => {
    // What the service refuses before it asks has no meaning that could be loosened: two limits for one currency, say.
    fc.pre(policyInput.safeParse(input).success);
    const [whole, lacking] = [judge(input).decision, judge(without(input)).decision];
    if (strength[lacking] < strength[whole]) throw new Error(`${whole} becomes ${lacking}`);
  });
}

/** Under any modes of the rules: nothing allows without an allow finding, nothing passes a deny, guards have no mode. */
function folding(inputs: Inputs, bundle: Bundle): fc.IProperty<[unknown, unknown]> {
  return fc.property(inputs, ruleModes(Object.keys(bundle.catalogue)), (input, modes) => {
    const config = { ...bundle.config, rules: modes };
    const { decision, findings, shadow, waived, obligations } = decided(new PolicyEngine({ ...bundle, config }), input);
    const effects = new Set(findings.map(({ effect }) => effect));
    if (decision !== 'deny' && (!effects.has('allow') || effects.has('deny')))
      throw new Error('passes without allow or over a deny');
    if ((decision === 'require_approval') !== (decision !== 'deny' && obligations.approvals.length > 0)) {
      throw new Error('people are asked for nothing, or not asked');
    }
    const guards = new Set(['SCOPE-003', 'SELF-001']);
    if ([...shadow.map(({ rule }) => rule), ...waived].some((rule) => guards.has(rule)))
      throw new Error('a guard gives way');
  });
}

async function agree(opa: Opa, bundle: Bundle, inputs: Inputs): Promise<string | undefined> {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const changed = fc
    .tuple(inputs, withoutOneFact(), claimsOf())
    .map(([input, without, words]) => mergePatch(without(input), { claims: words }));
  const questions = fc.sample(changed, { seed, numRuns: compared }).map((input) => ({ input, config: bundle.config }));
  const [ofOpa, ofWasm] = [await answersOfOpa(opa, questions), answersOfWasm(bundle, questions)];
  const odd = questions.findIndex((_, index) => !sameAnswer(ofOpa[index], ofWasm[index]));
  const unfit = ofOpa.findIndex((answer) => !policyDecision.safeParse(answer).success);
  if (odd === -1 && unfit === -1) return undefined;
  return `seed ${String(seed)}: ${JSON.stringify(questions[Math.max(odd, unfit)]?.input)}`;
}

/** `coversResource` of the contracts and `lib/patterns.rego` are one definition. */
async function samePatterns(opa: Opa): Promise<string | undefined> {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const pairs = fc.sample(fc.tuple(path('a', 'b', '*', '**', 'a*', ''), path('a', 'b', 'a*', '')), { seed, numRuns: compared * 10 });
  const answers = await coveredByRules(opa, pairs);
  const odd = pairs.find(([pattern, id], index) => coversResource(pattern, id) !== answers[index]);
  return odd && `seed ${String(seed)}: ${odd.join(' and ')}`;
}

const path = (...segments: string[]): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...segments), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
