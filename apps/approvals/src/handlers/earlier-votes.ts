import { Injectable } from '@nestjs/common';
import { readPersonKey, Trust } from '#trust';
import { hasCast, type Decider } from '../core/decider.js';
import type { StoredVote } from '../io/vote.store.js';

/** What was voted before on the plan of an approval that the transaction holds. */
@Injectable()
export class EarlierVotes {
  constructor(private readonly trust: Trust) {}

  /** Whether this person's seat is filled: by themselves, under whatever identity, or by somebody to whom they gave it. */
  hasSeat(votes: readonly StoredVote[], person: Decider): boolean {
    return votes.some((vote) => {
      const isTheirs = hasCast(person, { person: vote.person, by: this.signerOf(vote) });
      return isTheirs || vote.seatOf === person.id;
    });
  }

  /** As whom the person signed in who has cast it. */
  private signerOf({ counted }: StoredVote): ReturnType<typeof readPersonKey> {
    return readPersonKey(this.trust, counted.person_key ?? '');
  }
}
