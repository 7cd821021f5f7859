import { personKeyStateBody, type Caps, type DecisionView, type DelegateBody, type IssuerSubject, type PersonKeyStateAnswer, type StepUp } from '#contracts'; // prettier-ignore
import { newId } from '#platform';
import {
  callHeaders, delegationOn, freshSecret, generatePrivateJwk, personKeySeconds, signDelegation, signingKey, signPersonKey, signStepUp, signVote, voteOn, type CallParts, type Keyring,
  type SigningKey, type Trust,
} from '#trust'; // prettier-ignore

interface GateKeys {
  trust: Trust;
  keyring: (service: string) => Keyring;
}

export interface Unsigned {
  decision: 'approve' | 'deny';
  reason: string;
  view_digest: string;
  confirmed: string[];
  caps?: Caps | undefined;
  stage?: number | undefined;
}

/** What credentials answers about a key, where it does not run: nobody has ended one. */
export function liveKey(asked: unknown): PersonKeyStateAnswer {
  return { thumbprint: personKeyStateBody.parse(asked).thumbprint, state: 'live' };
}

/** Votes and calls as people sign them, where credentials does not run: its statement about each key is made with its own key. */
export class Ballots {
  readonly #keys = new Map<string, SigningKey>();

  constructor(private readonly gate: GateKeys) {}

  /** Signed by this person's key, one for each identity. */
  sign<B extends Unsigned>(by: IssuerSubject, view: Parameters<typeof voteOn>[0] | DecisionView, body: B): B & Signed {
    const key = this.#keyOf(by);
    const now = Date.now();
    const vote = voteOn(view, body, { gate: this.gate.trust.gate, jti: newId(), now });
    return { ...body, proof: signVote(key, vote), person_key: this.statement(by, key, Math.floor(now / 1_000)) };
  }

  /** What credentials states when a security key of this person has confirmed a yes to what this view shows; `more` is said otherwise. */
  confirmed({ iss, sub }: IssuerSubject, view: Viewed, more: Partial<StepUp> = {}): string {
    const { action_digest, action_id, plan_digest, view_digest } = view;
    const about = {
      decision: 'approve' as const,
      action_digest,
      action_id,
      plan_digest,
      view_digest,
      nonce: freshSecret(),
    };
    const assertion = { credential_id: 'k', authenticator_data: 'a', client_data: 'c', signature: 's' };
    const said = { ...about, iss, sub, assertion, confirmed_at: new Date().toISOString(), ...more };
    return signStepUp(this.gate.keyring('credentials'), said);
  }

  /** What this person sends to give their seat in the plan of this view away. */
  delegation(
    by: IssuerSubject,
    view: Parameters<typeof delegationOn>[0],
    said: Parameters<typeof delegationOn>[1],
  ): DelegateBody {
    const key = this.#keyOf(by);
    const now = Date.now();
    const given = delegationOn(view, said, { gate: this.gate.trust.gate, jti: newId(), now });
    return { ...said, proof: signDelegation(key, given), person_key: this.statement(by, key, Math.floor(now / 1_000)) };
  }

  /** The headers of a call by this person that changes something. */
  call(by: IssuerSubject, call: CallParts): Record<string, string> {
    const key = this.#keyOf(by);
    return callHeaders({ key, statement: this.statement(by, key, Math.floor(Date.now() / 1_000)) }, call);
  }

  #keyOf(by: IssuerSubject): SigningKey {
    const key = this.#keys.get(JSON.stringify(by)) ?? signingKey(generatePrivateJwk('P-256'));
    this.#keys.set(JSON.stringify(by), key);
    return key;
  }

  /** @param authTime when the person was authenticated, in seconds */
  statement({ iss, sub }: IssuerSubject, key: SigningKey, authTime: number): string {
    const said = { thumbprint: key.kid, iss, sub, until: authTime + personKeySeconds };
    return signPersonKey(this.gate.keyring('credentials'), said);
  }
}

type Viewed = Pick<DecisionView, 'action_id' | 'action_digest' | 'plan_digest'> & { view_digest: string };

interface Signed {
  proof: string;
  person_key: string;
}
