import { Injectable } from '@nestjs/common';
import type { Closing, Counting, CountedVote, Granting, Vote } from '#contracts';
import { Clock, newId } from '#platform';
import { digestOfBytes, Keyring } from '#trust';

export type VoteToSign = Omit<Vote, 'gate' | 'jti' | 'iat'>;
export type CountingToSign = Omit<Counting, 'gate' | 'action_id' | 'proof_digest' | 'person'>;
export type GrantingToSign = Omit<Granting, 'gate' | 'iat'>;
export type ClosingToSign = Omit<Closing, 'gate' | 'iat'>;

/** Signs what people decided as it was received, and what it led to. People sign their own votes once they have keys for it. */
@Injectable()
export class VoteSigner {
  constructor(
    private readonly keyring: Keyring,
    private readonly clock: Clock,
  ) {}

  sign(cast: VoteToSign, counted: CountingToSign): CountedVote {
    const { gate } = this.keyring;
    const vote = this.keyring.sign('vote', { gate, ...cast, jti: newId(), iat: this.#iat() } satisfies Vote);
    const counting: Counting = {
      gate,
      action_id: cast.action_id,
      proof_digest: digestOfBytes(vote),
      person: cast.person,
      ...counted,
    };
    return { vote, counting: this.keyring.sign('vote', counting, 'sallyport-counting+jws') };
  }
  /** The votes fill the plan, and the action is handed on. */
  grant(granted: GrantingToSign): string {
    const granting: Granting = { gate: this.keyring.gate, ...granted, iat: this.#iat() };
    return this.keyring.sign('vote', granting, 'sallyport-granting+jws');
  }

  /** A person has closed a review. */
  close(closed: ClosingToSign): string {
    const closing: Closing = { gate: this.keyring.gate, ...closed, iat: this.#iat() };
    return this.keyring.sign('vote', closing, 'sallyport-closing+jws');
  }

  #iat(): number {
    return Math.floor(this.clock.now().getTime() / 1_000);
  }
}
