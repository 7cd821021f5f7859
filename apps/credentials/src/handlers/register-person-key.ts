import { Injectable } from '@nestjs/common';
import {
  ProblemError, type EndPersonKeyAnswer, type PersonKeyAnswer, type PersonKeyBody, type PersonKeyStateAnswer, type PersonKeyStateBody,
} from '#contracts'; // prettier-ignore
import { Log } from '#platform';
import { Envelope, keyNonce, Keyring, personKeySeconds, publicKey, signPersonKey } from '#trust';
import { HttpTrust, verifyIdToken, type CallerOf, type SignedIn } from '#trust/http';
import { PersonKeyStore } from '../io/person-key.store.js';

/**
 * A person registers the key of a sign-in (the construction of OpenPubkey). The ID token commits to the key by its nonce, so neither
 * this service nor approvals can put a key of its own in its place. It is kept, sealed, beside the provider's key.
 */
@Injectable()
export class RegisterPersonKey {
  constructor(
    private readonly http: HttpTrust,
    private readonly keyring: Keyring,
    private readonly envelope: Envelope,
    private readonly keys: PersonKeyStore,
    private readonly log: Log,
  ) {}

  /** Throws ProblemError `token_invalid` for whatever does not prove the key to be this caller's, `dependency_unavailable` when the provider's keys cannot be had. */
  async handle(caller: CallerOf<'person'>, { id_token, jwk, random }: PersonKeyBody): Promise<PersonKeyAnswer> {
    const key = publicKey(jwk);
    if (key === undefined) throw new ProblemError('schema_mismatch', { detail: 'jwk: not a key' });
    const now = (await this.keys.now()).getTime();
    const signedIn = await verifyIdToken(id_token, keyNonce(jwk, random), { issuers: this.http.issuers, now });
    if (signedIn.iss !== caller.iss || signedIn.sub !== caller.sub) throw new ProblemError('token_invalid');
    const until = signedIn.authTime + personKeySeconds;
    if (until <= now / 1_000) throw new ProblemError('token_invalid', { detail: 'signed in too long ago' });
    return this.keep(key.kid, id_token, { ...signedIn, until });
  }

  private async keep(
    thumbprint: string,
    idToken: string,
    { providerKey, ...signedIn }: SignedIn & { until: number },
  ): Promise<PersonKeyAnswer> {
    const { iss, sub, sid, until } = signedIn;
    const text = JSON.stringify({ id_token: idToken, provider_key: providerKey });
    const signIn = await this.envelope.seal(text, thumbprint);
    const isNew = await this.keys.add({ thumbprint, ...signedIn, signIn });
    if (!isNew) throw new ProblemError('token_invalid', { detail: 'this key is registered already, or its session is over: sign in again' });
    this.log.info('person_key.registered', { ref: thumbprint });
    const statement = signPersonKey(this.keyring, { thumbprint, iss, sub, ...(sid !== undefined && { sid }), until });
    return { thumbprint, until, statement };
  } // prettier-ignore
}

/** Signing out. What was voted before stands; nothing that is counted later does. */
@Injectable()
export class EndPersonKey {
  constructor(
    private readonly keys: PersonKeyStore,
    private readonly log: Log,
  ) {}

  /** Throws ProblemError `not_found` for a key that is not this person's. */
  async handle({ person }: CallerOf<'person'>, thumbprint: string): Promise<EndPersonKeyAnswer> {
    if (!(await this.keys.end(thumbprint, person.spec.identities))) throw new ProblemError('not_found');
    this.log.info('person_key.ended', { ref: thumbprint });
    return { thumbprint, state: 'ended' };
  }
}

/** Whether a key may still sign. By this service's own list: a statement about a key outlives the key. */
@Injectable()
export class ShowPersonKey {
  constructor(private readonly keys: PersonKeyStore) {}

  async handle({ thumbprint }: PersonKeyStateBody): Promise<PersonKeyStateAnswer> {
    return { thumbprint, state: (await this.keys.isLive(thumbprint)) ? 'live' : 'ended' };
  }
}
