import { Injectable } from '@nestjs/common';
import { ProblemError } from '#contracts';
import { Database, type Tx } from '#database';
import type { Held } from '../core/approval.js';
import type { Given } from '../core/eligibility.js';
import { ApprovalStore } from '../io/approval.store.js';
import { DelegationStore } from '../io/delegation.store.js';
import { VoteStore, type StoredVote } from '../io/vote.store.js';

/** One approval under its lock: the row, what was voted on its plan, and which seats are given away. */
export interface LockedSeats {
  held: Held;
  votes: StoredVote[];
  given: Given[];
}

@Injectable()
export class SeatTables {
  constructor(
    private readonly database: Database,
    private readonly approvals: ApprovalStore,
    readonly delegations: DelegationStore,
    private readonly votes: VoteStore,
  ) {}

  /** Throws `not_found` for an id that is not known. */
  change<T>(actionId: string, work: (tx: Tx, locked: LockedSeats) => Promise<T>): Promise<T> {
    return this.database.transaction(async (tx) => work(tx, await this.locked(tx, actionId)));
  }

  /** The same in a transaction that runs already. */
  async locked(tx: Tx, actionId: string): Promise<LockedSeats> {
    const [held] = await this.approvals.lock(tx, [actionId]);
    if (held === undefined) throw new ProblemError('not_found');
    const votes = await this.votes.ofLocked(tx, held.actionId, held.planNo);
    const given = await this.delegations.ofLocked(tx, held.actionId, held.planNo);
    return { held, votes, given };
  }
}
