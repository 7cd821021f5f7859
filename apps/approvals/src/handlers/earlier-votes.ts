import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import { readPersonKey, Trust } from '#trust';
import type { Held } from '../core/approval.js';
import { hasCast, type Decider } from '../core/decider.js';
import { VoteStore, type StoredVote } from '../io/vote.store.js';

/** What was voted before on the plan of an approval that the transaction holds. */
@Injectable()
export class EarlierVotes {
  constructor(
    private readonly votes: VoteStore,
    private readonly trust: Trust,
  ) {}

  /** In the order in which they were counted; `voted`: one of them is this person's. */
  async of(tx: Tx, { actionId, planNo }: Held, person: Decider): Promise<{ before: StoredVote[]; voted: boolean }> {
    const before = await this.votes.ofLocked(tx, actionId, planNo);
    return { before, voted: before.some((vote) => hasCast(person, { person: vote.person, by: this.signerOf(vote) })) };
  }

  /** As whom the person signed in who has cast it. */
  private signerOf({ counted }: StoredVote): ReturnType<typeof readPersonKey> {
    return readPersonKey(this.trust, counted.person_key ?? '');
  }
}
