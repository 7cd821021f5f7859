import type { ActionState } from '#contracts';
import type { Audience } from './audience.js';
import type { MessageKind } from './message.js';
import { isWaiting } from './outcome-states.js';

/** What this service knows of one action, as far as telling people goes. */
export interface Followed {
  actionId: string;
  state: ActionState;
  code: string | null;
  stages: Audience['stages'];
  notify: string[];
  emergency: NonNullable<Audience['emergency']> | null;
  openStage: number | null;
  /** Groups that are said to have been added because nobody had decided; nothing is signed about that. */
  escalated: string[];
  /** How often the plan was replaced. */
  replaced: number;
  reviewGroup: string | null;
}

export interface Due {
  actionId: string;
  kind: MessageKind;
  /** A group, or one person (`recipient.ts`). */
  group: string;
  /** Tells apart what is told more than once: the stage, and after a replacement the stage of that plan. */
  stage: number;
  code: string | null;
}

const ends: readonly ActionState[] = ['denied', 'expired', 'cancelled', 'refused'];

/**
 * Everybody who has to hear something by now. Called whenever anything about the action was learned: what was told
 * already is told no second time, so neither order nor repetition matters.
 */
export function dueMessages(action: Followed): Due[] {
  const due = (kind: MessageKind, groups: readonly string[], stage = 0): Due[] =>
    [...new Set(groups)].map((group) => ({
      actionId: action.actionId,
      kind,
      group,
      stage,
      code: codeOf(kind, action),
    }));
  return [
    ...due(action.replaced > 0 ? 'replaced' : 'new', waitingGroups(action), stageKey(action)),
    ...due('escalated', isWaiting(action.state) ? nextGroups(action) : [], stageKey(action)),
    ...(ends.includes(action.state) ? due(action.state as MessageKind, everybody(action)) : []),
    ...(action.emergency === null ? [] : due('emergency', [...action.notify, action.emergency.group])),
    ...(action.reviewGroup === null ? [] : due('review', [action.reviewGroup])),
  ];
}

/** Those who can decide now; nobody once it was decided or has ended. */
export function waitingGroups({ state, stages, openStage }: Followed): string[] {
  if (!isWaiting(state) || openStage === null) return [];
  return stages.filter(({ next, stage }) => stage === openStage && next !== true).map(({ group }) => group);
}

/** Of those that were added, the ones that the signed plan names for it. */
function nextGroups({ escalated, stages }: Followed): string[] {
  return stages.filter(({ group, next }) => next === true && escalated.includes(group)).map(({ group }) => group);
}

export function stageKey({ replaced, openStage }: Pick<Followed, 'replaced' | 'openStage'>): number {
  return replaced * 100 + (openStage ?? 0);
}

function everybody(action: Followed): string[] {
  const { stages, notify, emergency } = action;
  const asked = stages.filter(({ next }) => next !== true).map(({ group }) => group);
  return [...asked, ...nextGroups(action), ...notify, ...(emergency === null ? [] : [emergency.group])];
}

function codeOf(kind: MessageKind, { code }: Followed): string | null {
  return ends.some((end) => end === kind) ? code : null;
}
