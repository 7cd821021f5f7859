import { Injectable } from '@nestjs/common';
import type { Known } from '#contracts';
import type { Tx } from '#database';
import { FrozenEntryStore } from '../io/frozen-entry.store.js';
import { OpeningStore } from '../io/opening.store.js';
import type { Announced } from './announce-openings.js';
import { HoldToLimits } from './hold-to-limits.js';
import { newApproval, type Case } from './new-approval.js';

/** Saves the rows of a slice in two statements, whatever its size. */
@Injectable()
export class OpeningRows {
  constructor(
    private readonly openings: OpeningStore,
    private readonly frozen: FrozenEntryStore,
    private readonly limits: HoldToLimits,
  ) {}

  /** Answers what was new: an action that was opened before is neither changed nor said again. What is too much is ended. */
  async save(tx: Tx, cases: Case[]): Promise<Announced[]> {
    const held = await this.limits.hold(tx, cases);
    const rows = held.flatMap((one) => {
      const row = newApproval(one);
      return row === undefined || one.opening.kind === 'forged' ? [] : [{ one, row, opening: one.opening }];
    });
    if (rows.length === 0) return [];
    await this.frozen.keep(
      tx,
      rows.flatMap(({ one }) => entriesOf(one)),
    );
    const opened = await this.openings.open(
      tx,
      rows.map(({ row }) => row),
    );
    const byId = new Map(opened.map((one) => [one.actionId, one]));
    return rows.flatMap(({ row, opening }) => {
      const isNew = byId.get(row.actionId);
      return isNew === undefined ? [] : [{ row, opening, opened: isNew }];
    });
  }
}

function entriesOf({ shown }: Case): (Known<'agents'> | Known<'action-types'>)[] {
  return [shown?.agent, shown?.actionType].filter((entry) => entry !== undefined);
}
