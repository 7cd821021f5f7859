import { Injectable } from '@nestjs/common';
import { approvalOpened } from '#contracts';
import { Timers, type TimerToSet, type Tx } from '#database';
import { Outbox, type Said } from '#messaging';
import type { Opening } from '../core/opening.js';
import { summaryOf } from '../core/summary.js';
import { groupsAsked } from '../core/waits-for.js';
import type { NewApproval } from '../io/new-row.js';
import type { Opened } from '../io/opening.store.js';
import { Outcomes } from '../io/outcomes.js';
import { EndApprovals } from './end-approvals.js';
import { timersOf } from './timer-kinds.js';

export interface Announced {
  row: NewApproval;
  opening: Exclude<Opening, { kind: 'forged' }>;
  opened: Opened;
}

/** Says what was opened or ended as it began, and sets the clock for what waits. */
@Injectable()
export class AnnounceOpenings {
  constructor(
    private readonly timers: Timers,
    private readonly outbox: Outbox,
    private readonly outcomes: Outcomes,
    private readonly ends: EndApprovals,
  ) {}

  async say(tx: Tx, announced: Announced[]): Promise<void> {
    if (announced.length === 0) return;
    await this.timers.set(tx, announced.flatMap(clockOf));
    await this.outbox.say(
      tx,
      announced.map((one) => this.saidOf(one)),
    );
  }

  private saidOf({ row, opening, opened }: Announced): Said {
    if (opening.kind === 'ended')
      return this.ends.saidOf({ ...row, summary: row.content?.summary, version: 0 }, { ending: opening.ending });
    const { plan, request, verdict, waits } = opening;
    const { task_id } = request.context;
    const reasons = verdict.findings.filter(({ effect }) => effect === 'require_approval').map(({ code }) => code);
    return {
      event: approvalOpened,
      subject: row.actionId,
      sequence: 1,
      data: {
        action_id: row.actionId,
        agent_id: row.agentId,
        // Those who can decide now, a veto included; the others are told when their stage begins.
        summary: { ...summaryOf(request, verdict), groups: groupsAsked(plan, waits) },
        stage: waits.stage,
        opened_at: opened.openedAt.toISOString(),
        deadline_at: waits.deadlineAt.toISOString(),
        ...(task_id !== undefined && { task_id }),
        outcome: this.outcomes.pending(row, plan.deadline_at, { reasons }),
      },
      traceparent: row.traceparent,
    };
  }
}

function clockOf({ opening, row }: Announced): TimerToSet[] {
  return opening.kind === 'open' ? timersOf(row.actionId, opening.waits, opening.waitsInVain) : [];
}
