import { Injectable } from '@nestjs/common';
import { ProblemError, type EndWebauthnKeyAnswer, type WebauthnKeysAnswer } from '#contracts';
import { Log } from '#platform';
import type { CallerOf } from '#trust/http';
import { WebauthnKeyStore } from '../io/webauthn-key.store.js';

/** The security keys that a person can confirm with. */
@Injectable()
export class ListWebauthnKeys {
  constructor(private readonly keys: WebauthnKeyStore) {}

  async handle({ person }: CallerOf<'person'>): Promise<WebauthnKeysAnswer> {
    const living = (await this.keys.ofPerson(person.id)).filter(({ endedAt }) => endedAt === undefined);
    return {
      keys: living.map(({ credentialId, enrolledAt, enrolledBy, label }) => ({
        credential_id: credentialId,
        label,
        enrolled_by: enrolledBy,
        enrolled_at: enrolledAt.toISOString(),
      })),
    };
  }
}

/** A lost key is ended by its person. What it confirmed before stands. */
@Injectable()
export class EndWebauthnKey {
  constructor(
    private readonly keys: WebauthnKeyStore,
    private readonly log: Log,
  ) {}

  /** Throws ProblemError `not_found` for a key that is not this person's. */
  async handle({ person }: CallerOf<'person'>, credentialId: string): Promise<EndWebauthnKeyAnswer> {
    if (!(await this.keys.end(credentialId, person.id))) throw new ProblemError('not_found');
    this.log.info('webauthn.ended', { ref: person.id });
    return { credential_id: credentialId, state: 'ended' };
  }
}
