import type { Tx } from '#database';
import { Injectable } from '@nestjs/common';
import { isActionId } from '../core/freshness.js';
import { withinOwn, type Candidate } from '../core/settle.js';
import { ActionsStore } from '../io/actions.store.js';
import { SayCancel } from './say-cancel.js';

/** A request that takes the place of an earlier one of the same agent: as the answer to a question, say. */
@Injectable()
export class Supersede {
  constructor(
    private readonly actions: ActionsStore,
    private readonly cancel: SayCancel,
  ) {}

  /** Refuses what supersedes anything but an accepted action of its own agent. */
  async check(candidates: readonly Candidate[], tx: Tx): Promise<Candidate[]> {
    const named = candidates.flatMap(({ judged }) => judged.supersedes ?? []);
    if (named.length === 0) return [...candidates];
    const { used } = await this.actions.load(named.filter(isActionId), tx);
    return withinOwn(candidates, new Map(used.map((row) => [row.id, row])));
  }

  /** In the transaction that accepts the new one: both are never asked for by the same agent for long. Votes stay with the old one. */
  async end(accepted: readonly Candidate[], tx: Tx): Promise<void> {
    for (const { agent, ask, judged } of accepted) {
      if (judged.supersedes === undefined) continue;
      const { traceparent } = ask;
      await this.cancel.handle(tx, { actionId: judged.supersedes, agentId: agent.id, code: 'superseded', traceparent });
    }
  }
}
