import { Injectable } from '@nestjs/common';
import { ProblemError } from '#contracts';
import { whyOver } from '../core/ceremony.js';
import { confirmPage } from '../core/confirm-page.js';
import { algorithms } from '../io/authenticator.js';
import { CeremonyStore } from '../io/ceremony.store.js';
import { WebauthnKeyStore } from '../io/webauthn-key.store.js';
import { Pages } from './pages.js';

/** The page itself, for whoever has its link. Opening it does nothing. */
@Injectable()
export class ShowCeremony {
  constructor(
    private readonly ceremonies: CeremonyStore,
    private readonly keys: WebauthnKeyStore,
    private readonly pages: Pages,
  ) {}

  /** Throws ProblemError `not_found`, `already_used`, `expired`. */
  async handle(subject: string, secret: string): Promise<string> {
    const ceremony = await this.ceremonies.find(secret, subject);
    if (ceremony === undefined) throw new ProblemError('not_found');
    const over = whyOver(ceremony);
    if (over !== undefined) throw new ProblemError(over);
    const known = await this.keys.ofPerson(ceremony.holder.person);
    const living = known.filter(({ endedAt }) => endedAt === undefined);
    const credentialIds = living.map(({ credentialId }) => credentialId);
    return confirmPage({ ceremony, place: this.pages.place, credentialIds, algorithms });
  }
}
