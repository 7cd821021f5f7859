import { Injectable } from '@nestjs/common';
import {
  ProblemError,
  type DelegateBody,
  type Delegation,
  type IssuerSubject,
  type SignedDelegation,
  type Vote,
  type VoteBody,
} from '#contracts';
import { PersonKeys } from '#trust/http';
import { readDelegation, readPersonKey, readSignedVote, readStepUp, Trust } from '#trust';
import { isConfirmedBy, whyNotGivenBy, whyNotProven, type AboutPlan } from '../core/proven.js';
import type { Proof } from '../io/vote-signer.js';
import type { LoadedCase } from './load-case.js';
import type { CastVoteInput } from './vote-input.js';

/** Looks at a person's own signature, and at the confirmation with a security key. Whether that person may decide is another question. */
@Injectable()
export class ReadProof {
  constructor(
    private readonly trust: Trust,
    private readonly keys: PersonKeys,
  ) {}

  /** Throws ProblemError `proof_invalid`, whose detail says what to do, and `step_up_required`. */
  read({ body }: CastVoteInput, { person, plan, row, view, viewDigest }: LoadedCase): Proof {
    const { person_key: personKey = '', proof: jws = '' } = body;
    const key = readPersonKey(this.trust, personKey);
    const about = { ...this.about(row, view), view_digest: viewDigest, variant: view.variant };
    const vote = key && readSignedVote(jws, key);
    const { identities } = person;
    const receivedAt = row.now.toISOString();
    const why = whyNotProven(body, about, { said: vote, key, identities, receivedAt });
    if (why !== undefined || vote === undefined || key === undefined) throw new ProblemError('proof_invalid', why ? { detail: why } : {});
    // A no is never made harder than it is.
    const isAsked = plan.step_up && body.decision === 'approve';
    return {
      jws,
      personKey,
      thumbprint: key.thumbprint,
      stepUp: isAsked ? this.confirmation(body.webauthn, vote, { identities, receivedAt }) : undefined,
    };
  } // prettier-ignore

  /**
   * Neither the person nor their provider has ended the key meanwhile: its statement does not know that. Throws ProblemError
   * `proof_invalid`, and for a yes a retryable Fault when credentials does not answer; a no waits for nobody.
   */
  async mustLive({ thumbprint }: Pick<Proof, 'thumbprint'>, decision: VoteBody['decision']): Promise<void> {
    if (!(await this.keys.isLive(thumbprint, decision === 'deny' ? 'stop' : 'change')))
      throw new ProblemError('proof_invalid', { detail: 'the key was ended: sign in again' });
  }

  /** The same of a seat that is given away. */
  readDelegation(
    body: DelegateBody,
    { person, row, view }: LoadedCase,
  ): { given: Delegation; signed: SignedDelegation; thumbprint: string } {
    const signed = { delegation: body.proof ?? '', person_key: body.person_key ?? '' };
    const read = readDelegation(this.trust, signed);
    const receivedAt = row.now.toISOString();
    const proven = { said: read?.given, key: read?.key, identities: person.identities, receivedAt };
    const why = whyNotGivenBy(body, this.about(row, view), proven);
    if (why !== undefined || read === undefined) throw new ProblemError('proof_invalid', why ? { detail: why } : {});
    return { given: read.given, signed, thumbprint: read.key.thumbprint };
  }

  private about(row: LoadedCase['row'], view: LoadedCase['view']): AboutPlan {
    const { actionDigest: action_digest, actionId: action_id } = row;
    return { gate: this.trust.gate, action_id, action_digest, plan_digest: view.plan_digest };
  }

  private confirmation(
    webauthn = '',
    vote: Vote,
    by: { identities: readonly IssuerSubject[]; receivedAt: string },
  ): string {
    const stepUp = readStepUp(this.trust, webauthn);
    if (isConfirmedBy(stepUp, vote, by)) return webauthn;
    throw new ProblemError('step_up_required');
  }
}
