import { z } from 'zod';
import { issuerKinds, type Explanation, type Known, type Target } from '#contracts';
import { covers, suits } from './terms.js';

/** Where a statement would be run, and as which installed profile. */
export interface Place {
  target: Extract<Target, { kind: 'postgres' }>;
  targetProfile: string;
}

/** Undefined where the gate would not run it itself: the profile is of another kind, for something else, or of no such target. */
export function placeOf(
  asked: Parameters<typeof covers>[1],
  profile: Known<'profiles'>,
  target: Known<'targets'>,
): Place | undefined {
  if (issuerKinds[profile.spec.issuer].mode !== 'brokered') return undefined;
  const fits = covers(profile.spec, asked) && profile.spec.target === target.id && suits(profile.spec.issuer, target);
  const { target_profile: targetProfile } = profile.spec;
  if (!fits || target.spec.kind !== 'postgres' || targetProfile === undefined) return undefined;
  return { target: target.spec, targetProfile };
}

/** One step of EXPLAIN (FORMAT JSON). Conditions and output are left out on purpose: they hold values. */
const step = z.object({
  'Node Type': z.string(),
  Operation: z.string().optional(),
  'Index Name': z.string().optional(),
  Schema: z.string().optional(),
  'Relation Name': z.string().optional(),
  'Plan Rows': z.number().nonnegative(),
  'Total Cost': z.number().nonnegative(),
  get Plans() {
    return z.array(step).optional();
  },
});
type Step = z.infer<typeof step>;

const answer = z.union([
  z.object({ refused: z.string().regex(/^[0-9A-Z]{5}$/u) }).transform(({ refused }) => refused),
  z.tuple([z.object({ Plan: step })]).transform(([{ Plan }]) => Plan),
]);

const mostSteps = 24;
const longestStep = 200;

/** What a target has answered, in the words that people see. */
export function explanationOf(given: unknown): Explanation {
  const read = answer.safeParse(given);
  if (!read.success) return { explained: false, why: 'unavailable' };
  if (typeof read.data === 'string') return { explained: false, why: 'refused', sqlstate: read.data };
  const steps = [...stepsOf(read.data, 0)];
  const more = steps.length - mostSteps;
  const shown = more > 0 ? [...steps.slice(0, mostSteps), `… ${String(more)} more steps`] : steps;
  return { explained: true, rows: rowsOf(read.data), cost: read.data['Total Cost'], steps: shown };
}

/** A change gives no rows unless it returns some: what it changes comes from below it. */
function rowsOf({ Operation, Plans = [], 'Plan Rows': rows }: Step): number {
  return Operation === undefined ? rows : Plans.reduce((sum, below) => sum + below['Plan Rows'], 0);
}

function* stepsOf(one: Step, depth: number): Generator<string> {
  const { Operation, 'Node Type': type, 'Index Name': index, 'Relation Name': relation, Schema: schema } = one;
  const by = index === undefined ? '' : ` using ${index}`;
  const on = relation === undefined ? '' : ` on ${schema === undefined ? '' : `${schema}.`}${relation}`;
  const text = `${Operation ?? type}${by}${on}, ${String(rowsOf(one))} rows`;
  yield '  '.repeat(Math.min(depth, 20)) + (text.length > longestStep ? `${text.slice(0, longestStep)}…` : text);
  for (const below of one.Plans ?? []) yield* stepsOf(below, depth + 1);
}
