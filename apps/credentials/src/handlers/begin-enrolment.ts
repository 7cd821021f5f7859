import { Injectable } from '@nestjs/common';
import { ProblemError, type CeremonyAnswer, type EnrolBody } from '#contracts';
import { RegistryClient } from '#facts';
import { newId } from '#platform';
import { freshSecret, Keyring } from '#trust';
import type { CallerOf } from '#trust/http';
import { mayEnrol, type Holder } from '../core/ceremony.js';
import { WebauthnKeyStore } from '../io/webauthn-key.store.js';
import { BeginCeremony } from './begin-ceremony.js';
import { Officers } from './officers.js';

/** A person, or a registrar for a person, wants to enrol a security key. */
@Injectable()
export class BeginEnrolment {
  constructor(
    private readonly begin: BeginCeremony,
    private readonly keys: WebauthnKeyStore,
    private readonly officers: Officers,
    private readonly registry: RegistryClient,
    private readonly keyring: Keyring,
  ) {}

  /** Throws ProblemError `not_eligible`, `not_found` for a person who is not there, or a retryable Fault. */
  async handle(caller: CallerOf<'person'>, { label, person = caller.person.id }: EnrolBody): Promise<CeremonyAnswer> {
    const by = caller.person.id;
    const registrars = by === person ? new Set<string>() : await this.officers.members('registrars');
    const hasHadKey = (await this.keys.ofPerson(person)).length > 0;
    if (!mayEnrol(by, person, { hasHadKey, registrars })) throw new ProblemError('not_eligible', { why: 'not_in_group' });
    const holder = by === person ? { person, iss: caller.iss, sub: caller.sub } : await this.holderOf(person);
    const about = { kind: 'enrol', gate: this.keyring.gate, person, label, nonce: freshSecret() } as const;
    return this.begin.open({ subject: newId(), about, holder, begunBy: by });
  } // prettier-ignore

  private async holderOf(person: string): Promise<Holder> {
    const [found = null] = await this.registry.current([{ kind: 'people', id: person }]);
    const [identity] = found?.spec.state === 'active' ? found.spec.identities : [];
    if (identity === undefined) throw new ProblemError('not_found');
    return { person, iss: identity.iss, sub: identity.sub };
  }
}
