import { ProblemError } from '#contracts';
import { Database } from '#database';
import { Injectable } from '@nestjs/common';
import { isActionId } from '../core/freshness.js';
import { SayCancel } from './say-cancel.js';

export interface CancelCall {
  actionId: string;
  agentId: string;
  traceparent: string;
}

/** The agent asks to end its own action. */
@Injectable()
export class CancelAction {
  constructor(
    private readonly database: Database,
    private readonly cancel: SayCancel,
  ) {}

  /** Asking twice is asking once. An action of another agent is not told from one that does not exist. */
  async handle(call: CancelCall): Promise<void> {
    if (!isActionId(call.actionId)) throw new ProblemError('not_found');
    await this.database.transaction(async (tx) => {
      const state = await this.cancel.handle(tx, { ...call, code: 'agent_cancelled' });
      if (state === undefined) throw new ProblemError('not_found');
      if (state === 'rejected') throw new ProblemError('already_decided');
    });
  }
}
