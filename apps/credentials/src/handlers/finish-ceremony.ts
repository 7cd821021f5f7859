import { Injectable } from '@nestjs/common';
import { assertionResponse, attestationResponse, ProblemError, type Assertion, type StepUpResult } from '#contracts';
import type { Tx } from '#database';
import { Log } from '#platform';
import { Keyring, signStepUp } from '#trust';
import type { CallerOf } from '#trust/http';
import { whyOver, type Ceremony } from '../core/ceremony.js';
import { assertionOf, readAssertion, readAttestation, type EnrolledKey } from '../io/authenticator.js';
import { CeremonyStore } from '../io/ceremony.store.js';
import { WebauthnKeyStore } from '../io/webauthn-key.store.js';
import { Pages } from './pages.js';
import { Transact } from './transact.js';

interface Confirmed {
  assertion: Assertion;
  counter: number;
  /** What goes with the vote; a pull needs none. */
  statement: string | undefined;
}

/** What an authenticator said on a page, if it proves what the page asked for. */
@Injectable()
export class ReadAnswers {
  constructor(
    private readonly keys: WebauthnKeyStore,
    private readonly keyring: Keyring,
    private readonly pages: Pages,
  ) {}

  /** Throws ProblemError `proof_invalid`. */
  async enrolled({ challenge }: Ceremony, credential: unknown): Promise<EnrolledKey> {
    const answer = attestationResponse.safeParse(credential).data;
    const key = answer && (await readAttestation(answer, { challenge, place: this.pages.place }));
    if (key === undefined) throw refused();
    return key;
  }

  /** By a living key of the person whom the page is for. Throws ProblemError `proof_invalid`. */
  async confirmed({ about, challenge, holder, now }: Ceremony, credential: unknown): Promise<Confirmed> {
    const answer = assertionResponse.safeParse(credential);
    if (!answer.success) throw refused();
    const assertion = assertionOf(answer.data);
    const key = (await this.keys.byIds([assertion.credential_id])).get(assertion.credential_id);
    if (key?.holder.person !== holder.person || key.endedAt !== undefined) throw refused();
    const { counter: last, publicKey } = key;
    const counter = await readAssertion(assertion, { challenge, place: this.pages.place, publicKey, counter: last });
    if (counter === undefined) throw refused();
    const { iss, sub } = key.holder;
    const said = { iss, sub, assertion, confirmed_at: now.toISOString() };
    const statement = about.kind === 'vote' ? signStepUp(this.keyring, { ...about.confirms, ...said }) : undefined;
    return { assertion, counter, statement };
  }
}

/** The page sends what the security key signed. It is taken once. */
@Injectable()
export class FinishCeremony {
  constructor(
    private readonly ceremonies: CeremonyStore,
    private readonly keys: WebauthnKeyStore,
    private readonly answers: ReadAnswers,
    private readonly transact: Transact,
    private readonly log: Log,
  ) {}

  /** Throws ProblemError `not_found`, `already_used`, `expired`, `proof_invalid`. */
  async handle(subject: string, secret: string, credential: unknown): Promise<void> {
    const ceremony = await this.ceremonies.find(secret, subject);
    if (ceremony === undefined) throw new ProblemError('not_found');
    const over = whyOver(ceremony);
    if (over !== undefined) throw new ProblemError(over);
    const { about, holder } = ceremony;
    const keep =
      about.kind === 'enrol'
        ? await this.keepKey(ceremony, about.label, credential)
        : await this.keepUse(ceremony, credential);
    await this.transact.run(async (tx) => {
      if (!(await keep(tx, secret))) throw new ProblemError('already_used');
    });
    this.log.info('webauthn.done', { kind: about.kind, ref: holder.person });
  }

  private async keepKey(ceremony: Ceremony, label: string, credential: unknown): Promise<Keep> {
    const key = await this.answers.enrolled(ceremony, credential);
    const { begunBy: enrolledBy, holder } = ceremony;
    return async (tx, secret) =>
      (await this.ceremonies.done(tx, secret, undefined)) &&
      (await this.keys.add(tx, { ...key, holder, label, enrolledBy }));
  }

  private async keepUse(ceremony: Ceremony, credential: unknown): Promise<Keep> {
    const { assertion, counter, statement } = await this.answers.confirmed(ceremony, credential);
    return async (tx, secret) =>
      (await this.ceremonies.done(tx, secret, statement)) && this.keys.used(tx, assertion.credential_id, counter);
  }
}

type Keep = (tx: Tx, secret: string) => Promise<boolean>;

const refused = (): ProblemError =>
  new ProblemError('proof_invalid', { detail: 'the security key did not confirm this' });

/** How far a page is, for whoever asked for it. */
@Injectable()
export class CeremonyResults {
  constructor(private readonly ceremonies: CeremonyStore) {}

  /** Throws ProblemError `not_found`, also for a page that somebody else asked for. */
  async handle({ person }: CallerOf<'person'>, subject: string, secret: string): Promise<StepUpResult> {
    const found = await this.ceremonies.find(secret, subject);
    if (found?.begunBy !== person.id) throw new ProblemError('not_found');
    const { statement } = found;
    if (found.doneAt !== undefined) return { state: 'done', ...(statement !== undefined && { statement }) };
    return { state: whyOver(found) === 'expired' ? 'expired' : 'waiting' };
  }
}
