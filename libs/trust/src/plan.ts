import { personRecipient, type Confirmation, type Plan, type Recipient, type SeatSource, type Stage } from '#contracts';
import { canonical, digestOf } from './canonical.js';

/** What a vote names: exactly this plan, deadline and facts with their times included. */
export function planDigest(plan: Plan): string {
  return digestOf(plan);
}

/**
 * True when a plan judged again asks for the same: stages with their people, quorum, limits and times, vetoes, exclusions, points to
 * confirm beside equal facts, and what is secret to whom. The deadline, the beginning and the moment at which a fact was read may differ.
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

/** Whoever may fill a seat of this stage from its first moment on. */
export function sourcesOf({ from, group }: Pick<Stage, 'from' | 'group'>): SeatSource[] {
  return from ?? (group === undefined ? [] : [{ group }]);
}

/** Each group that has a say once: those of the stages in order, those that these escalate to, then those that may only say no. */
export function groupsOf({ stages, veto = [] }: Plan): string[] {
  const inOrder = stages.toSorted((a, b) => a.stage - b.stage);
  const own = inOrder.flatMap((stage) => sourcesOf(stage).flatMap((one) => ('group' in one ? [one.group] : [])));
  const added = inOrder.flatMap(({ escalate }) => (escalate === undefined ? [] : [escalate.to]));
  return [...new Set([...own, ...added, ...veto])];
}

/** Each person whom a stage names, once. */
export function peopleNamedIn({ stages }: Pick<Plan, 'stages'>): string[] {
  return [...new Set(stages.flatMap(sourcesOf).flatMap((one) => ('person' in one ? [one.person] : [])))];
}

/** Everybody who has a part in a plan, whoever may only say no and whoever is asked later too. */
export function partiesOf(plan: Plan): Recipient[] {
  return [...groupsOf(plan), ...peopleNamedIn(plan).map(personRecipient)];
}

/** `maya (manager of ann)`. */
export function sourceText(source: SeatSource): string {
  if ('group' in source)
    return source.owner_of === undefined ? source.group : `${source.group} (owner of ${source.owner_of})`;
  return source.manager_of === undefined ? source.person : `${source.person} (manager of ${source.manager_of})`;
}

/** Whoever decides a stage, in words; a single group by its name. */
export function stageText(stage: Pick<Stage, 'from' | 'group'>): string {
  return sourcesOf(stage).map(sourceText).join(' or ');
}

/**
 * Can these stages be worked through at all: each with its number, its people and a quorum of at least one, and with a
 * beginning where one counts seconds?
 */
export function isSoundPlan({ begins_at, stages }: Plan): boolean {
  const numbers = new Set(stages.map(({ stage }) => stage));
  const counts = stages.some((one) => one.deadline_seconds !== undefined || one.escalate !== undefined);
  return (
    stages.length > 0 && numbers.size === stages.length && stages.every(isSoundStage) && (!counts || begins_at !== undefined)
  );
} // prettier-ignore

function isSoundStage({ from, group, quorum }: Stage): boolean {
  return Number.isSafeInteger(quorum) && quorum >= 1 && (from === undefined) !== (group === undefined);
}

/** Until when a stage that began then can be decided; milliseconds. Never later than the plan. */
export function stageEndsAt({ deadline_at }: Plan, { deadline_seconds: own }: Stage, beganAt: number): number {
  const end = Date.parse(deadline_at);
  return own === undefined ? end : Math.min(end, beganAt + own * 1_000);
}

/** From when on the next group may decide a stage that began then, too; milliseconds. Undefined where the plan names none. */
export function escalatesAt({ escalate }: Stage, beganAt: number): number | undefined {
  return escalate && beganAt + escalate.after_seconds * 1_000;
}

/** Whoever may fill a seat of this stage at this moment: its own people, and those of the next group once nobody has decided for long enough. */
export function sourcesAt(stage: Stage, { beganAt, now }: { beganAt: number; now: number }): SeatSource[] {
  const { escalate } = stage;
  const at = escalatesAt(stage, beganAt);
  if (escalate === undefined || at === undefined || now < at) return sourcesOf(stage);
  return [...sourcesOf(stage), { group: escalate.to }];
}

function substance(plan: Plan): unknown {
  return {
    stages: plan.stages.map((stage) => ({ ...stage, confirmations: stage.confirmations.map(point) })),
    parallel: plan.parallel,
    veto: plan.veto?.toSorted(),
    excluded: plan.excluded.map((e) => canonical(e)).sort(),
    step_up: plan.step_up,
    secrets: plan.secrets,
  };
}

function point({ fact, ...rest }: Confirmation): unknown {
  return { ...rest, fact: fact === undefined ? undefined : { value: fact.value, source: fact.source } };
}
