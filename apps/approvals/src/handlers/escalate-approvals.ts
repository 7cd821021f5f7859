import { Injectable } from '@nestjs/common';
import { approvalEscalated, type Plan, type Stage } from '#contracts';
import { Timers, type TimerHandler, type TimerToSet, type Tx } from '#database';
import { Outbox, type Said } from '#messaging';
import { Trust } from '#trust';
import { stagesInOrder, type Held } from '../core/approval.js';
import { toEscalate, waitsFor, type WaitsFor } from '../core/waits-for.js';
import { ApprovalStore } from '../io/approval.store.js';
import { CaseStore } from '../io/case.store.js';
import { readJudged } from './load-case.js';
import { nextGroupTimers } from './timer-kinds.js';

/**
 * Nobody has decided for as long as the plan says: the next group hears of it. From when on its people count, the clock alone says, so that
 * a timer that fires late keeps nobody from deciding, and one that fires early lets nobody in.
 */
@Injectable()
export class EscalateApprovals implements TimerHandler {
  constructor(
    private readonly approvals: ApprovalStore,
    private readonly cases: CaseStore,
    private readonly trust: Trust,
    private readonly timers: Timers,
    private readonly outbox: Outbox,
  ) {}

  async handle(actionIds: string[], tx: Tx): Promise<void> {
    const open = (await this.approvals.lock(tx, actionIds)).filter(({ state }) => state === 'open');
    const verdicts = await this.cases.verdictsOf(tx, open.map(({ actionId }) => actionId)); // prettier-ignore
    const said: Said[] = [];
    const clocks: TimerToSet[] = [];
    for (const held of open) {
      // One that does not verify any more is decided by nobody, and ends when its time is over.
      const plan = readJudged(this.trust, verdicts.get(held.actionId) ?? '')?.plan;
      if (plan === undefined) continue;
      const stages = toEscalate(plan, held);
      const waits = waitsWith(plan, held, stages);
      clocks.push(...nextGroupTimers(held.actionId, waits));
      if (stages.length > 0) said.push(await this.escalate(tx, held, { stages, waits }));
    }
    await this.timers.set(tx, clocks);
    if (said.length > 0) await this.outbox.say(tx, said);
  }

  private async escalate(
    tx: Tx,
    held: Held,
    { stages, waits }: { stages: Stage[]; waits: WaitsFor },
  ): Promise<Said<typeof approvalEscalated>> {
    const added = stages.flatMap(({ escalate, stage }) => (escalate === undefined ? [] : [{ stage, to: escalate.to }]));
    const groups = [...new Set(added.map(({ to }) => to))];
    await this.approvals.escalate(tx, held, groups);
    await this.approvals.wait(tx, held.actionId, waits);
    return saidOf(held, { added, groups, waits });
  }
}

function waitsWith(plan: Plan, { beganAt, escalated, openStages }: Held, stages: readonly Stage[]): WaitsFor {
  const open = stagesInOrder(plan).filter(({ stage }) => openStages.includes(stage));
  return waitsFor(plan, open, { beganAt, escalated: [...escalated, ...stages.map(({ stage }) => stage)] });
}

function saidOf(
  held: Held,
  { added, groups, waits }: { added: { stage: number; to: string }[]; groups: string[]; waits: WaitsFor },
): Said<typeof approvalEscalated> {
  if (held.summary === undefined) throw new TypeError('what waits has been summed up');
  return {
    event: approvalEscalated,
    subject: held.actionId,
    sequence: held.version + 1,
    data: {
      action_id: held.actionId,
      agent_id: held.agentId,
      summary: { ...held.summary, groups },
      stages: added,
      escalated_at: held.now.toISOString(),
      deadline_at: waits.deadlineAt.toISOString(),
    },
    traceparent: held.traceparent,
  };
}
