import { Injectable } from '@nestjs/common';
import { ProblemError } from '#contracts';
import { readPersonKey, readSignedVote, Trust } from '#trust';
import { whyNotProven } from '../core/proven.js';
import type { LoadedCase } from './load-case.js';
import type { CastVoteInput } from './vote-input.js';

/** A vote as its person signed it, with the statement about the key. */
export interface Proof {
  jws: string;
  personKey: string;
}

/** Looks at a person's own signature. Whether that person may decide is another question. */
@Injectable()
export class ReadProof {
  constructor(private readonly trust: Trust) {}

  /** Throws ProblemError `proof_invalid`, whose detail says what to do. */
  read({ body }: CastVoteInput, { person, row, view, viewDigest }: LoadedCase): Proof {
    const { person_key: personKey = '', proof: jws = '' } = body;
    const key = readPersonKey(this.trust, personKey);
    const about = {
      gate: this.trust.gate,
      action_id: row.actionId,
      action_digest: row.actionDigest,
      plan_digest: view.plan_digest,
      view_digest: viewDigest,
      variant: view.variant,
    };
    const vote = key && readSignedVote(jws, key);
    const { identities } = person;
    const why = whyNotProven(body, about, { vote, key, identities, receivedAt: row.now.toISOString() });
    if (why !== undefined) throw new ProblemError('proof_invalid', { detail: why });
    return { jws, personKey };
  }
}
