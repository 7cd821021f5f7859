import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import { stageKey, waitingGroups } from '../core/told.js';
import { ActionStore } from '../io/action.store.js';
import { TellPeople } from './tell-people.js';

/** In the last fifth of the deadline, to those whose stage still waits. */
@Injectable()
export class Remind {
  constructor(
    private readonly actions: ActionStore,
    private readonly people: TellPeople,
  ) {}

  /** @param refs `<action id>:<stage>` */
  async handle(refs: string[], tx: Tx): Promise<void> {
    const due = new Set(refs);
    const actionIds = new Set(refs.map((ref) => ref.slice(0, 36)));
    const waiting = (await this.actions.byIds(tx, [...actionIds])).filter(({ actionId, openStage }) =>
      due.has(`${actionId}:${String(openStage)}`),
    );
    await this.people.tell(
      tx,
      waiting.flatMap(
        (action) =>
        waitingGroups(action).map((group) => ({
          actionId: action.actionId, kind: 'reminder' as const, group, stage: stageKey(action), code: null,
        })), // prettier-ignore
      ),
    );
  }
}
