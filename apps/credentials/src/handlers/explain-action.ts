import { Injectable } from '@nestjs/common';
import { ProblemError, type Explanation, type RequestValue } from '#contracts';
import { readAccepted, Trust, type Subject } from '#trust';
import { placeOf, type Place } from '../core/explanation.js';
import { Explainer } from '../io/issuers/explainer.js';
import { readRunnable } from '../io/issuers/brokered-statement.js';
import { OfferFacts, OfferTables } from './offer-leases.js';
import { Transact } from './transact.js';

type Accepted = Subject & { value: RequestValue };

/**
 * What a target would do with a statement that the gate would run itself. It is the only thing of an agent's that reaches a target before people
 * have decided, and it comes from what intake accepted, never from the words of whoever asks.
 */
@Injectable()
export class ExplainAction {
  constructor(
    private readonly trust: Trust,
    private readonly facts: OfferFacts,
    private readonly tables: OfferTables,
    private readonly transact: Transact,
    private readonly explainer: Explainer,
  ) {}

  /** Throws ProblemError `evidence_invalid`. */
  async handle(evidence: Parameters<typeof readAccepted>[1]): Promise<Explanation> {
    const accepted = readAccepted(this.trust, evidence);
    if (accepted === undefined) throw new ProblemError('evidence_invalid');
    const { action, requested_access } = accepted.value;
    const profile = this.facts.copy.get('profiles', requested_access.profile);
    const target = profile && this.facts.copy.get('targets', profile.spec.target);
    // Policy has seen both: this process does not know them yet.
    if (profile === undefined || target === undefined) return { explained: false, why: 'unavailable' };
    const place = placeOf(accepted.value, profile, target);
    const statement = readRunnable(action.properties)?.statement;
    if (place === undefined || statement === undefined) return { explained: false, why: 'profile_mismatch' };
    if (await this.isStopped(accepted, { profile: profile.id, target: target.id }))
      return { explained: false, why: 'stopped' };
    return this.explainer.explain(orderOf(place, statement));
  }

  private isStopped({ actionId, agentId, value }: Accepted, at: { profile: string; target: string }): Promise<boolean> {
    const { killSwitch, leases } = this.tables;
    return this.transact.run(async (tx) => {
      if (this.facts.isSuspended(agentId, await leases.now(tx))) return true;
      const { covered } = await killSwitch.standing(tx, [{ actionId, agentId, ...at, actionName: value.action.name }]);
      return covered.has(actionId);
    });
  }
}

function orderOf({ target, targetProfile: profile }: Place, statement: string) {
  return { secret: target.connection_secret, profile, statement };
}
