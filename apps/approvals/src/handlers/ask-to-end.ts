import { Injectable } from '@nestjs/common';
import { approvalCancelRequested, type CancelCode } from '#contracts';
import type { Tx } from '#database';
import { Outbox, type Said } from '#messaging';
import type { Held } from '../core/approval.js';
import { askedToEnd, type Asked } from '../core/endings.js';
import { ApprovalStore } from '../io/approval.store.js';
import { EndApprovals } from './end-approvals.js';

export interface Ask {
  actionId: string;
  code: CancelCode;
  /** URN of an agent or service, or id of a person. */
  by: string;
  reason?: string | undefined;
  traceparent?: string | undefined;
}

interface Decided {
  ask: Ask;
  held: Held;
  asked: Asked;
}

/** Somebody wants a request to end: what waits for people ends here; what was granted is asked for again behind the grant. */
@Injectable()
export class AskToEnd {
  constructor(
    private readonly approvals: ApprovalStore,
    private readonly ends: EndApprovals,
    private readonly outbox: Outbox,
  ) {}

  /** One ask per action at most. Answers what was done for each action that this service knows. */
  async ask(tx: Tx, asks: Ask[]): Promise<Map<string, Asked['act']>> {
    const byId = new Map(asks.map((ask) => [ask.actionId, ask]));
    const held = await this.approvals.lock(tx, [...byId.keys()]);
    const decided = held.flatMap((one) => {
      const ask = byId.get(one.actionId);
      return ask === undefined ? [] : [{ ask, held: one, asked: askedToEnd(one, ask.code) }];
    });
    await this.ends.end(decided.flatMap(endOf), tx);
    await this.passOn(
      tx,
      decided.filter(({ asked }) => asked.act === 'pass_on'),
    );
    return new Map(decided.map(({ held: { actionId }, asked }) => [actionId, asked.act]));
  }

  private async passOn(tx: Tx, decided: Decided[]): Promise<void> {
    if (decided.length === 0) return;
    const notes = decided.map(({ ask, held }) => ({
      actionId: held.actionId,
      from: held.version,
      what: ask.code,
      by: ask.by,
      ...(ask.reason !== undefined && { reason: ask.reason }),
    }));
    await this.approvals.note(tx, 'granted', notes);
    await this.outbox.say(tx, decided.map(saidOf));
  }
}

function endOf({ ask, asked, held }: Decided): Parameters<EndApprovals['end']>[0] {
  const { by, reason, traceparent } = ask;
  return asked.act === 'end' ? [{ held, ending: asked.ending, by, reason, traceparent }] : [];
}

function saidOf({ ask, held }: Decided): Said<typeof approvalCancelRequested> {
  return {
    event: approvalCancelRequested,
    subject: held.actionId,
    sequence: held.version + 1,
    data: { action_id: held.actionId, agent_id: held.agentId, code: ask.code, by: ask.by },
    traceparent: ask.traceparent ?? held.traceparent,
  };
}
