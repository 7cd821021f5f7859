import { Injectable } from '@nestjs/common';
import type { Known } from '#contracts';
import { Timers, type Tx } from '#database';
import { CatchUp, RegistryCopy } from '#facts';
import { Outbox } from '#messaging';
import { newId } from '#platform';
import type { Passage } from '#trust';
import { isSuspended } from '../core/agent.js';
import { decideOffer, underKillSwitch, type OfferDecision } from '../core/offer.js';
import { KillSwitchStore } from '../io/kill-switch.store.js';
import { OfferStore, type NewLease } from '../io/offer.store.js';
import { leaseTimer } from './apply-changes.js';
import { LeaseWords } from './lease-words.js';
import type { Held } from './read-passed.js';

/** What the copy of the registry is for: which profile, and is the agent suspended. */
@Injectable()
export class OfferFacts {
  constructor(
    readonly copy: RegistryCopy,
    private readonly catchUp: CatchUp,
  ) {}

  /** Waits for the registry where a verdict names a newer profile than the copy holds. No such version is then no profile. */
  async learn(chains: readonly Passage[]): Promise<void> {
    const newer = chains
      .map(({ grant }) => ({ kind: 'profiles' as const, ...grant.profile }))
      .filter(({ kind, id, version }) => this.copy.versionOf(kind, id) < version);
    if (newer.length > 0) await this.catchUp.learn({ entries: newer });
  }

  /** The profile now, unless the verdict names a version that does not exist. */
  profileOf({ grant }: Passage): Known<'profiles'> | undefined {
    const profile = this.copy.get('profiles', grant.profile.id);
    return profile !== undefined && profile.version >= grant.profile.version ? profile : undefined;
  }

  isSuspended(agentId: string, now: Date): boolean {
    // An agent that the copy has never seen is not suspended; redeem reads the registry itself.
    return this.copy.versionOf('agents', agentId) > 0 && isSuspended(this.copy.get('agents', agentId) ?? null, now);
  }
}

/** Where an offer is written, and what may stand against it at that moment. */
@Injectable()
export class OfferTables {
  constructor(
    readonly leases: OfferStore,
    readonly killSwitch: KillSwitchStore,
    readonly timers: Timers,
  ) {}
}

/** What is decided about an action; `epoch` is the newest of the kill switch that was looked at. */
interface Decided {
  one: Held;
  decision: OfferDecision;
  epoch: number;
}

/** Offers leases for a slice of actions: verifies, decides, saves and says all of them at once. One lease per action, ever. */
@Injectable()
export class OfferLeases {
  constructor(
    private readonly facts: OfferFacts,
    private readonly tables: OfferTables,
    private readonly words: LeaseWords,
    private readonly outbox: Outbox,
  ) {}

  async offer(held: readonly Held[], tx: Tx): Promise<void> {
    if (held.length === 0) return;
    await this.facts.learn(held.flatMap(({ passage }) => passage ?? []));
    const decided = (await this.decide(held, tx)).map((each) => ({ ...each, lease: leaseOf(each) }));
    const added = await this.tables.leases.add(
      tx,
      decided.map(({ lease }) => lease),
    );
    const fresh = decided.filter(({ lease }) => added.has(lease.actionId));
    await this.outbox.say(
      tx,
      fresh.map(({ lease, decision }) => this.word(lease, decision)),
    );
    await this.tables.timers.set(
      tx,
      fresh.flatMap(({ lease: { leaseId, offerExpiresAt } }) =>
        offerExpiresAt === undefined ? [] : [{ kind: leaseTimer, ref: leaseId, dueAt: offerExpiresAt }],
      ),
    );
  }

  /** Last of all the kill switch, because it may cover the target that the terms name. */
  private async decide(held: readonly Held[], tx: Tx): Promise<Decided[]> {
    const now = await this.tables.leases.now(tx);
    const decided = held.map((one) => ({ one, decision: this.decideOne(one, now) }));
    const offers = decided.flatMap(({ one, decision }) =>
      decision.kind === 'offer' ? [{ ...one, ...decision.terms, actionName: nameOf(one) }] : [],
    );
    const { epoch, covered } = await this.tables.killSwitch.standing(tx, offers);
    return decided.map(({ one, decision }) => ({
      one,
      epoch,
      decision: covered.has(one.actionId) ? underKillSwitch(decision) : decision,
    }));
  }

  private decideOne({ agentId, passage }: Held, now: Date): OfferDecision {
    return decideOffer({
      chain: passage,
      profile: passage && this.facts.profileOf(passage),
      isSuspended: this.facts.isSuspended(agentId, now),
      now,
    });
  }

  private word(lease: NewLease, decision: OfferDecision) {
    if (decision.kind === 'over') return this.words.overBefore(lease, decision.code);
    const { terms, offerExpiresAt, code } = decision;
    return this.words.offered({ ...lease, terms, offerExpiresAt }, code);
  }
}

const nameOf = ({ passage }: Held): string | undefined => passage?.value.action.name;

function leaseOf({ one, decision, epoch: killEpoch }: Decided): NewLease {
  const { actionDigest, actionId, agentId, event, evidence } = one;
  const { traceparent } = event;
  const actionName = nameOf(one);
  const subject = { leaseId: newId(), actionId, agentId, actionDigest, actionName, killEpoch, traceparent };
  if (decision.kind === 'over') {
    const { to: state, code } = decision;
    return { ...subject, state, code, terms: undefined, offerExpiresAt: undefined, evidence: undefined };
  }
  const { terms, offerExpiresAt } = decision;
  return { ...subject, state: 'offered', code: null, terms, offerExpiresAt, evidence };
}
