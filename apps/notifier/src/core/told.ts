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
    ...(ends.includes(action.state) ? due(action.state as MessageKind, everybody(action)) : []),
    ...(action.emergency === null ? [] : due('emergency', [...action.notify, action.emergency.group])),
    ...(action.reviewGroup === null ? [] : due('review', [action.reviewGroup])),
  ];
}

/** Those who can decide now; nobody once it was decided or has ended. */
export function waitingGroups({ state, stages, openStage }: Followed): string[] {
  if (!isWaiting(state) || openStage === null) return [];
  return stages.filter(({ stage }) => stage === openStage).map(({ group }) => group);
}

export function stageKey({ replaced, openStage }: Pick<Followed, 'replaced' | 'openStage'>): number {
  return replaced * 100 + (openStage ?? 0);
}

function everybody({ stages, notify, emergency }: Followed): string[] {
  return [...stages.map(({ group }) => group), ...notify, ...(emergency === null ? [] : [emergency.group])];
}

function codeOf(kind: MessageKind, { code }: Followed): string | null {
  return ends.some((end) => end === kind) ? code : null;
}
