import { Injectable } from '@nestjs/common';
import { ProblemError, type PullBody } from '#contracts';
import type { Tx } from '#database';
import { CeremonyStore } from '../io/ceremony.store.js';
import { WebauthnKeyStore } from '../io/webauthn-key.store.js';

/** An officer who has a security key confirms each pull with it. Who has none pulls without: stopping must never wait for an enrolment. */
@Injectable()
export class ConfirmedPulls {
  constructor(
    private readonly keys: WebauthnKeyStore,
    private readonly ceremonies: CeremonyStore,
  ) {}

  /** What the transaction of the pull does first. Throws ProblemError `step_up_required`. */
  async of(person: string, pull: PullBody, secret: string | undefined): Promise<(tx: Tx) => Promise<void>> {
    const has = (await this.keys.ofPerson(person)).some(({ endedAt }) => endedAt === undefined);
    if (!has) return () => Promise.resolve();
    return async (tx) => {
      const isConfirmed = secret !== undefined && (await this.ceremonies.spend(tx, secret, { person, pull }));
      if (!isConfirmed) throw new ProblemError('step_up_required');
    };
  }
}
