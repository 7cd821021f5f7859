import { Injectable } from '@nestjs/common';
import { ProblemError, type CeremonyAnswer, type PullBody, type StepUpBody } from '#contracts';
import { newId } from '#platform';
import { freshSecret, Keyring, ownView, Trust, viewDigest } from '#trust';
import type { CallerOf } from '#trust/http';
import { challengeFor, type About, type Ceremony } from '../core/ceremony.js';
import { CeremonyStore } from '../io/ceremony.store.js';
import { WebauthnKeyStore } from '../io/webauthn-key.store.js';
import { Pages } from './pages.js';
import { RedeemFacts } from './redeem-facts.js';

/** Makes a page on which a security key is used once. */
@Injectable()
export class BeginCeremony {
  constructor(
    private readonly ceremonies: CeremonyStore,
    private readonly keys: WebauthnKeyStore,
    private readonly pages: Pages,
  ) {}

  async open(one: Omit<Ceremony, 'challenge' | 'expiresAt' | 'doneAt' | 'statement' | 'now'>): Promise<CeremonyAnswer> {
    const secret = freshSecret();
    const expires = await this.ceremonies.begin(secret, { ...one, challenge: challengeFor(one.about) });
    const url = this.pages.urlOf(one.subject, secret);
    return { id: one.subject, url, secret, expires_at: expires.toISOString() };
  }

  /** Throws ProblemError `step_up_required` where there is no key to confirm with. */
  async confirm(caller: CallerOf<'person'>, subject: string, about: About): Promise<CeremonyAnswer> {
    const living = (await this.keys.ofPerson(caller.person.id)).find(({ endedAt }) => endedAt === undefined);
    if (living === undefined) throw new ProblemError('step_up_required', { detail: 'you have no security key: enrol one first' });
    return this.open({ subject, about, holder: living.holder, begunBy: caller.person.id });
  } // prettier-ignore
}

/** A person wants to confirm a vote with a security key. What the page will show is rendered here, from what policy, intake and the agent have signed. */
@Injectable()
export class BeginStepUp {
  constructor(
    private readonly begin: BeginCeremony,
    private readonly trust: Trust,
    private readonly facts: RedeemFacts,
  ) {}

  /** Throws ProblemError `evidence_invalid`, `view_changed`, `step_up_required`. */
  async handle(caller: CallerOf<'person'>, actionId: string, body: StepUpBody): Promise<CeremonyAnswer> {
    const { decision, evidence, view_digest } = body;
    const own = ownView(this.trust, { evidence, actionId, audiences: this.facts.audiences() });
    if (!own.ok) throw new ProblemError('evidence_invalid', { detail: own.why });
    if (viewDigest(own.view) !== view_digest) throw new ProblemError('view_changed');
    const { action_digest, plan_digest } = own.view;
    const about = { gate: this.trust.gate, decision, action_id: actionId, action_digest, plan_digest, view_digest };
    return this.begin.confirm(caller, actionId, {
      kind: 'vote',
      confirms: { ...about, nonce: freshSecret() },
      view: own.view,
    });
  }
}

/** A security officer wants to confirm a pull of the kill switch. */
@Injectable()
export class BeginPull {
  constructor(
    private readonly begin: BeginCeremony,
    private readonly keyring: Keyring,
  ) {}

  handle(caller: CallerOf<'person'>, pull: PullBody): Promise<CeremonyAnswer> {
    const about = { kind: 'pull', gate: this.keyring.gate, person: caller.person.id, pull, nonce: freshSecret() } as const;
    return this.begin.confirm(caller, newId(), about);
  } // prettier-ignore
}
