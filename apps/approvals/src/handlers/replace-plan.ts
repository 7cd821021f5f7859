import { Injectable } from '@nestjs/common';
import { approvalReplaced } from '#contracts';
import { Timers, type Tx } from '#database';
import { Outbox } from '#messaging';
import type { Held } from '../core/approval.js';
import { groupsAsked } from '../core/waits-for.js';
import { ApprovalStore } from '../io/approval.store.js';
import { FrozenEntryStore } from '../io/frozen-entry.store.js';
import { Outcomes } from '../io/outcomes.js';
import type { Replacement } from './judge-again.js';
import { contentOf } from './new-approval.js';
import { timersOf } from './timer-kinds.js';

/** Policy or facts have changed under an open plan: another one takes its place, and what was voted is void. */
@Injectable()
export class ReplacePlan {
  constructor(
    private readonly approvals: ApprovalStore,
    private readonly frozen: FrozenEntryStore,
    private readonly timers: Timers,
    private readonly outbox: Outbox,
    private readonly outcomes: Outcomes,
  ) {}

  /** `held` is locked by `tx`; `voters` are told. */
  async replace(
    tx: Tx,
    held: Held,
    by: Replacement & { voters: string[]; traceparent: string | undefined },
  ): Promise<void> {
    const { evidence, opening, shown, traceparent, voters } = by;
    const { actionType, agent } = shown;
    const { plan, request, verdict, waits } = opening;
    const content = contentOf({ request, verdict, evidence, shown });
    await this.frozen.keep(tx, actionType === undefined ? [agent] : [agent, actionType]);
    await this.approvals.replace(tx, held, { ...content, waits });
    await this.timers.set(tx, timersOf(held.actionId, waits, opening.waitsInVain));
    await this.outbox.say(tx, [
      {
        event: approvalReplaced,
        subject: held.actionId,
        sequence: held.version + 1,
        data: {
          action_id: held.actionId,
          agent_id: held.agentId,
          summary: { ...content.summary, groups: groupsAsked(plan, waits) },
          stage: waits.stage,
          opened_at: held.now.toISOString(),
          deadline_at: waits.deadlineAt.toISOString(),
          outcome: this.outcomes.pending(held, plan.deadline_at, { reasons: ['plan_replaced'] }),
          evidence,
          voters,
        },
        traceparent: traceparent ?? held.traceparent,
      },
    ]);
  }
}
