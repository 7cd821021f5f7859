import { Injectable } from '@nestjs/common';
import type { VoteAnswer } from '#contracts';
import type { Tx } from '#database';
import type { Held } from '../core/approval.js';
import { considerVote, type Counted, type Refusal } from '../core/vote.js';
import type { StoredVote } from '../io/vote.store.js';
import { CountVote } from './count-vote.js';
import { EarlierVotes } from './earlier-votes.js';
import { EndApprovals } from './end-approvals.js';
import type { JudgedAgain } from './judge-again.js';
import type { Proof } from '../io/vote-signer.js';
import type { LoadedCase } from './load-case.js';
import { ReplacePlan } from './replace-plan.js';
import { SeatTables } from './seat-tables.js';
import { caseOf, type CastVoteInput } from './vote-input.js';

type VoteResult = Omit<VoteAnswer, 'action_id'>;

interface VoteToDecide {
  loaded: LoadedCase;
  input: CastVoteInput;
  judged: JudgedAgain | { kind: 'agent_gone' };
  proof: Proof;
}

/** The part of a vote that happens under the lock on the approval. */
@Injectable()
export class DecideVote {
  constructor(
    private readonly seats: SeatTables,
    private readonly earlier: EarlierVotes,
    private readonly counts: CountVote,
    private readonly ends: EndApprovals,
    private readonly plans: ReplacePlan,
  ) {}

  async act(tx: Tx, vote: VoteToDecide): Promise<VoteResult | Refusal> {
    const { input, judged, loaded, proof } = vote;
    const { given, held, votes: before } = await this.seats.locked(tx, input.actionId);
    const voted = this.earlier.hasSeat(before, loaded.person);
    const seat = considerVote(input.body, caseOf(loaded, { held, voted, given }));
    if ('code' in seat) return seat;
    if (judged.kind !== 'stands') return this.refuse(tx, held, { ...vote, judged, before });
    const counted = await this.counts.count(tx, { loaded, input, held, seat, before, proof });
    if (counted.then === 'denied') await this.deny(tx, held, vote);
    return resultOf(counted, held);
  }

  /** What stands against the vote ends the request, or replaces its plan, in this transaction. */
  private async refuse(
    tx: Tx,
    held: Held,
    {
      before,
      input,
      judged,
    }: VoteToDecide & { judged: { kind: 'agent_gone' | 'denied' | 'replaced' }; before: StoredVote[] },
  ): Promise<Refusal> {
    const { traceparent } = input;
    if (judged.kind === 'agent_gone') {
      await this.ends.end([{ held, ending: { state: 'cancelled', code: 'agent_suspended' }, traceparent }], tx);
      return { ok: false, code: 'agent_suspended' };
    }
    if (judged.kind === 'denied') {
      const ending = { state: 'denied', code: judged.code } as const;
      await this.ends.end([{ held, ending, reasons: [...new Set([judged.code, ...judged.reasons])], traceparent }], tx);
      return { ok: false, code: 'policy_changed' };
    }
    await this.plans.replace(tx, held, { ...judged, voters: before.map(({ person }) => person), traceparent });
    return { ok: false, code: 'view_changed' };
  }

  /** The no was counted with the next number of the row; the end takes the one after it. */
  private async deny(tx: Tx, held: Held, { input, loaded }: VoteToDecide): Promise<void> {
    const { body, traceparent } = input;
    const ending = { state: 'denied', code: 'person_denied' } as const;
    const moved = { ...held, version: held.version + 1 };
    await this.ends.end([{ held: moved, ending, by: loaded.person.id, reason: body.reason, traceparent }], tx);
  }
}

function resultOf(counted: Counted, held: Held): VoteResult {
  if (counted.then === 'granted' || counted.then === 'denied') return { state: counted.then, stage: held.stage };
  const [left] = counted.then === 'next_stage' ? [counted.stage] : (counted.open ?? []);
  return { state: 'open', stage: left?.stage ?? held.stage };
}
