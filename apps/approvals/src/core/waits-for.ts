import { recipientOf, type Plan, type Recipient, type SeatSource, type Stage } from '#contracts';
import { escalatesAt, sourcesAt, sourcesOf, stageEndsAt, stageText } from '#trust';
import { stagesInOrder, type Held } from './approval.js';

/** A stage in which people may say yes now, and where they come from by now. */
export interface OpenStage {
  stage: Stage;
  from: SeatSource[];
}

export type AtThisMoment = Pick<Held, 'openStages' | 'beganAt' | 'now'>;

/** By the clock alone: whether the timer that tells people has fired yet changes nothing. */
export function openNow(plan: Plan, { beganAt, now, openStages }: AtThisMoment): OpenStage[] {
  const at = { beganAt: beganAt.getTime(), now: now.getTime() };
  const open = stagesInOrder(plan).filter(({ stage }) => openStages.includes(stage));
  return open.map((stage) => ({ stage, from: sourcesAt(stage, at) }));
}

/** The stages with which a plan begins. */
export function stagesAtFirst(plan: Plan): Stage[] {
  const stages = stagesInOrder(plan);
  return plan.parallel === true ? stages : stages.slice(0, 1);
}

/** Whom a request waits for, as its row says it to lists and timers. What decides is the plan. */
export interface WaitsFor {
  /** Of the first open stage. */
  stage: number;
  openStages: number[];
  /** A single group by its name; several, and named people, in words. */
  label: string;
  /** Where the label names no group: everybody who may fill a seat. */
  asked: Recipient[] | undefined;
  /** Where one stage is open. With several each has its own, and a vote is told so. */
  minLimit: Stage['min_limit'];
  /** Undefined: with the opening. */
  beganAt: Date | undefined;
  /** Until when something must have been decided: the plan's deadline, or an earlier one of an open stage. */
  deadlineAt: Date;
  /** When the next group is told, if nobody decides before. */
  escalateAt: Date | undefined;
  /** Open stages that were escalated already. */
  escalated: number[];
}

/** @param beganAt when these stages began */
export function waitsFor(
  plan: Plan,
  stages: readonly Stage[],
  { beganAt = begin(plan), escalated = [] }: { beganAt?: Date | undefined; escalated?: number[] } = {},
): WaitsFor {
  const [first] = stages;
  if (first === undefined) throw new TypeError('nothing waits for nobody');
  const from = beganAt?.getTime() ?? 0;
  const told = escalated.filter((one) => stages.some(({ stage }) => stage === one));
  const later = stages.filter(({ stage }) => !told.includes(stage)).map((one) => escalatesAt(one, from));
  return {
    stage: first.stage,
    openStages: stages.map(({ stage }) => stage),
    label: stages.map(stageText).join(' and '),
    asked: askedIn(stages, told),
    minLimit: stages.length === 1 ? first.min_limit : undefined,
    beganAt,
    deadlineAt: new Date(Math.min(...stages.map((stage) => stageEndsAt(plan, stage, from)))),
    escalateAt: earliest(later.filter((at) => at !== undefined)),
    escalated: told,
  };
}

/** Undefined where a single group is all. */
function askedIn(stages: readonly Stage[], told: readonly number[]): Recipient[] | undefined {
  const [own] = stages;
  if (stages.length === 1 && own?.group !== undefined && told.length === 0) return undefined;
  const added = stages.flatMap(({ escalate, stage }) => (escalate && told.includes(stage) ? [escalate.to] : []));
  return [...new Set([...stages.flatMap(sourcesOf).map(recipientOf), ...added])];
}

const earliest = (times: readonly number[]): Date | undefined =>
  times.length === 0 ? undefined : new Date(Math.min(...times));

/** A plan that counts no seconds does not say when it begins, and nothing asks. */
function begin({ begins_at }: Plan): Date | undefined {
  return begins_at === undefined ? undefined : new Date(begins_at);
}

/** Open stages whose next group may decide from now on, and which nobody has told so yet. None when the time of all is over. */
export function toEscalate(plan: Plan, held: AtThisMoment & Pick<Held, 'escalated' | 'deadlineAt'>): Stage[] {
  if (held.now >= held.deadlineAt) return [];
  const open = openNow(plan, held).map(({ stage }) => stage);
  return open.filter((stage) => {
    const at = escalatesAt(stage, held.beganAt.getTime());
    return at !== undefined && at <= held.now.getTime() && !held.escalated.includes(stage.stage);
  });
}

/** The groups whose people can do something now, a veto included; the others are told when their stage begins. */
export function groupsAsked(
  { stages, veto = [] }: Pick<Plan, 'stages' | 'veto'>,
  { openStages }: Pick<WaitsFor, 'openStages'>,
): string[] {
  const open = stages.filter(({ stage }) => openStages.includes(stage));
  const own = open.flatMap(sourcesOf).flatMap((one) => ('group' in one ? [one.group] : []));
  return [...new Set([...own, ...veto])];
}
