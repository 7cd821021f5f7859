import { Injectable } from '@nestjs/common';
import type { Closing, Counting, CountedVote, Granting } from '#contracts';
import { digestOfBytes, Keyring } from '#trust';

export type CountingToSign = Omit<Counting, 'gate' | 'proof_digest'>;
export type GrantingToSign = Omit<Granting, 'gate' | 'iat'>;
export type ClosingToSign = Omit<Closing, 'gate' | 'iat'>;

/** A vote as its person signed it, with the statements about the key, and about its confirmation with a security key. */
export interface Proof {
  jws: string;
  personKey: string;
  /** Of the key that signed it. */
  thumbprint: string;
  stepUp: string | undefined;
}

/** Signs which seat a vote fills, and what it led to. The vote itself people sign: no key of this service can. */
@Injectable()
export class VoteSigner {
  constructor(private readonly keyring: Keyring) {}

  /** This vote was received, and fills this seat. */
  count(proof: Proof, counted: CountingToSign): CountedVote {
    const counting: Counting = { gate: this.keyring.gate, ...counted, proof_digest: digestOfBytes(proof.jws) };
    const signed = this.keyring.sign('vote', counting, 'sallyport-counting+jws');
    const confirmed = proof.stepUp === undefined ? {} : { step_up: proof.stepUp };
    return { vote: proof.jws, counting: signed, person_key: proof.personKey, ...confirmed };
  }

  /** The votes fill the plan, and the action is handed on. */
  grant(granted: GrantingToSign): string {
    const granting: Granting = { gate: this.keyring.gate, ...granted, iat: secondsOf(granted.granted_at) };
    return this.keyring.sign('vote', granting, 'sallyport-granting+jws');
  }

  /** A person has closed a review. */
  close(closed: ClosingToSign): string {
    const closing: Closing = { gate: this.keyring.gate, ...closed, iat: secondsOf(closed.closed_at) };
    return this.keyring.sign('vote', closing, 'sallyport-closing+jws');
  }
}

const secondsOf = (instant: string): number => Math.floor(Date.parse(instant) / 1_000);
