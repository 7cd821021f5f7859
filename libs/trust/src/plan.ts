import type { Confirmation, Plan } from '#contracts';
import { canonical, digestOf } from './canonical.js';

/** What a vote names: exactly this plan, deadline and facts with their times included. */
export function planDigest(plan: Plan): string {
  return digestOf(plan);
}

/**
 * True when a plan judged again asks for the same: stages, groups, quorum, limits, vetoes, exclusions, points to confirm
 * beside equal facts, and what is secret to whom. The deadline and the moment at which a fact was read may differ.
 */
export function samePlan(a: Plan, b: Plan): boolean {
  return canonical(substance(a)) === canonical(substance(b));
}

/**
 * True when every point that `now` wants confirmed stood in `then` with the same text, claim and fact. A person who
 * confirmed a window has not confirmed another one with the same id.
 */
export function sameConfirmations(then: Plan, now: Plan): boolean {
  const seen = new Set(then.stages.flatMap((s) => s.confirmations.map((c) => canonical([s.stage, point(c)]))));
  return now.stages.every((s) => s.confirmations.every((c) => seen.has(canonical([s.stage, point(c)]))));
}

/** Each group that has a say once: those of the stages in order, then those that may only say no. */
export function groupsOf({ stages, veto = [] }: Plan): string[] {
  const inOrder = stages.toSorted((a, b) => a.stage - b.stage);
  return [...new Set([...inOrder.map(({ group }) => group), ...veto])];
}

function substance(plan: Plan): unknown {
  return {
    stages: plan.stages.map((stage) => ({ ...stage, confirmations: stage.confirmations.map(point) })),
    veto: plan.veto?.toSorted(),
    excluded: plan.excluded.map((e) => canonical(e)).sort(),
    step_up: plan.step_up,
    secrets: plan.secrets,
  };
}

function point({ fact, ...rest }: Confirmation): unknown {
  return { ...rest, fact: fact === undefined ? undefined : { value: fact.value, source: fact.source } };
}
