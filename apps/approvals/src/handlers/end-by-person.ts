import { Injectable } from '@nestjs/common';
import { ProblemError, type EndApprovalAnswer, type Known } from '#contracts';
import { Database, Timers, type Tx } from '#database';
import { whyMayNotEnd } from '../core/eligibility.js';
import type { Asked } from '../core/endings.js';
import { SuspensionStore } from '../io/suspension.store.js';
import { AskToEnd } from './ask-to-end.js';
import { LoadCase } from './load-case.js';
import { suspendTimer } from './timer-kinds.js';

export interface EndByPersonInput {
  actionId: string;
  caller: Known<'people'>;
  /** `stop` also suspends the agent. */
  act: 'withdraw' | 'stop';
  reason: string;
  traceparent: string | undefined;
}

/** A person takes a request back, or stops the agent altogether. */
@Injectable()
export class EndByPerson {
  constructor(
    private readonly cases: LoadCase,
    private readonly database: Database,
    private readonly asks: AskToEnd,
    private readonly suspensions: SuspensionStore,
    private readonly timers: Timers,
  ) {}

  /** Throws ProblemError: `not_found`, `not_eligible`, `already_decided` for what has ended before. */
  async handle(input: EndByPersonInput): Promise<EndApprovalAnswer> {
    const loaded = await this.cases.load(input.actionId, input.caller, 'now');
    const why = whyMayNotEnd(loaded.person, loaded.circle);
    if (why !== undefined) throw new ProblemError('not_eligible', { why });
    const act = await this.database.transaction((tx) => this.end(tx, input, loaded.row.agentId));
    if (act === 'nothing') throw new ProblemError('already_decided');
    return { action_id: input.actionId, state: act === 'end' ? 'cancelled' : 'granted', asked: act === 'pass_on' };
  }

  private async end(tx: Tx, input: EndByPersonInput, agentId: string): Promise<Asked['act']> {
    const { act, actionId, caller, reason, traceparent } = input;
    const code = act === 'stop' ? 'stopped' : 'withdrawn';
    const done = await this.asks.ask(tx, [{ actionId, code, by: caller.id, reason, traceparent }]);
    const what = done.get(actionId) ?? 'nothing';
    if (act === 'stop' && what !== 'nothing') {
      // In the same transaction: a stop that was answered is owed, whatever crashes.
      await this.suspensions.intend(tx, { actionId, agentId, askedBy: caller.id, reason });
      await this.timers.set(tx, [{ kind: suspendTimer, ref: actionId, dueAt: { seconds: 0 } }]);
    }
    return what;
  }
}
