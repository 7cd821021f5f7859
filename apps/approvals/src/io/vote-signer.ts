import { Injectable } from '@nestjs/common';
import type { Counting, CountedVote, Vote } from '#contracts';
import { Clock, newId } from '#platform';
import { digestOfBytes, Keyring } from '#trust';

export type VoteToSign = Omit<Vote, 'gate' | 'jti' | 'iat'>;
export type CountingToSign = Omit<Counting, 'gate' | 'action_id' | 'proof_digest' | 'person'>;

/** Signs a vote as it was received, and that it was counted. People sign their own votes once they have keys for it. */
@Injectable()
export class VoteSigner {
  constructor(
    private readonly keyring: Keyring,
    private readonly clock: Clock,
  ) {}

  sign(cast: VoteToSign, counted: CountingToSign): CountedVote {
    const { gate } = this.keyring;
    const iat = Math.floor(this.clock.now().getTime() / 1_000);
    const vote = this.keyring.sign('vote', { gate, ...cast, jti: newId(), iat } satisfies Vote);
    const counting: Counting = {
      gate,
      action_id: cast.action_id,
      proof_digest: digestOfBytes(vote),
      person: cast.person,
      ...counted,
    };
    return { vote, counting: this.keyring.sign('vote', counting, 'sallyport-counting+jws') };
  }
}
