import { Injectable } from '@nestjs/common';
import { approvalCancelled, approvalDenied, approvalExpired } from '#contracts';
import { Timers, type Tx } from '#database';
import { Outbox, type Said } from '#messaging';
import type { Ending, Held } from '../core/approval.js';
import { ApprovalStore } from '../io/approval.store.js';
import { Outcomes, type About } from '../io/outcomes.js';
import { expireTimer } from './timer-kinds.js';

export interface ToEnd {
  held: Held;
  ending: Ending;
  /** The person, service or agent that asked; nobody when time or a rule ended it. */
  by?: string | undefined;
  /** A person's own words, for the history. */
  reason?: string | undefined;
  /** Codes for the agent; the ending's own when absent. */
  reasons?: string[] | undefined;
  traceparent?: string | undefined;
}

const events = { denied: approvalDenied, expired: approvalExpired, cancelled: approvalCancelled };

/** The one place where a held approval ends without a grant: row, timer, event and signed outcome in one transaction. */
@Injectable()
export class EndApprovals {
  constructor(
    private readonly approvals: ApprovalStore,
    private readonly timers: Timers,
    private readonly outbox: Outbox,
    private readonly outcomes: Outcomes,
  ) {}

  /** `held` is locked by `tx`. */
  async end(ends: ToEnd[], tx: Tx): Promise<void> {
    if (ends.length === 0) return;
    await this.approvals.end(
      tx,
      ends.map(({ held, ending, by, reason }) => ({
        actionId: held.actionId,
        from: held.version,
        to: held.version + 1,
        ending,
        by,
        reason,
      })),
    );
    await this.timers.clear(
      tx,
      expireTimer,
      ends.map(({ held }) => held.actionId),
    );
    await this.outbox.say(
      tx,
      ends.map((end) => this.saidOf({ ...end.held, traceparent: end.traceparent ?? end.held.traceparent }, end)),
    );
  }

  /** The terminal event of an approval whose row moves to the version after this one's. */
  saidOf(held: About & Pick<Held, 'version' | 'summary' | 'traceparent'>, end: Omit<ToEnd, 'held'>): Said {
    const { state, code } = end.ending;
    return {
      event: events[state],
      subject: held.actionId,
      sequence: held.version + 1,
      data: {
        action_id: held.actionId,
        agent_id: held.agentId,
        code,
        ...(held.summary && { summary: held.summary }),
        ...(end.by !== undefined && { by: end.by }),
        outcome: this.outcomes.ended(held, state, { code, ...(end.reasons && { reasons: end.reasons }) }),
      },
      traceparent: held.traceparent,
    };
  }
}
