import { Injectable } from '@nestjs/common';
import type { Tx } from '#database';
import { moneyOf } from '../core/attributes.js';
import type { Counters } from '../core/gather.js';
import { Ledger, type AccountKey } from '../core/ledger.js';
import { shapeOf, type Question } from '../core/question.js';
import { incidentsOf } from '../core/surroundings.js';
import type { Judged } from '../core/verdict.js';
import { AccountStore } from '../io/account.store.js';
import { ActionStore, type Begun, type JudgedRow } from '../io/action.store.js';
import { Decider } from '../io/decider.js';
import { RegistryView } from '../io/registry-view.js';
import { ReviewStore } from '../io/review.store.js';
import type { Heard } from './read-actions.js';

/** With what it has in common with others that ask the same. */
interface Asking extends Heard {
  shape: string;
}

export interface Decided extends Asking {
  judged: Judged;
  /** What was asked before it in its minute, and since when people have refused the same. */
  counters: Pick<Counters, 'velocity' | 'refusedSecondsAgo'>;
}

/**
 * Decides a slice in order: each action sees the money, the pace and the reviews that those before it left. The accounts stay
 * locked until the transaction ends, so that is true over all processes.
 */
@Injectable()
export class DecideSlice {
  constructor(
    private readonly actions: ActionStore,
    private readonly accounts: AccountStore,
    private readonly reviews: ReviewStore,
    private readonly registry: RegistryView,
    private readonly decider: Decider,
  ) {}

  /** Leaves out what was judged before: an action has one first verdict, ever. */
  async decide(heard: readonly Heard[], tx: Tx): Promise<Decided[]> {
    if (heard.length === 0) return [];
    const asking = heard.map((one): Asking => ({ ...one, shape: shapeOf(one.question) }));
    const begun = await this.actions.begin(tx, asking.map(askedBy));
    const fresh = asking.filter(({ question }) => !begun.judged.has(question.actionId));
    if (fresh.length === 0) return [];
    const ledger = await this.open(fresh, begun, tx);
    const decided = fresh.map((one) => this.one(one, ledger, begun.now));
    await this.actions.save(tx, decided.map(rowOf), begun.now);
    await this.accounts.reserve(tx, ledger.reservations);
    await this.reviews.add(tx, ledger.reviews);
    return decided;
  }

  /** Accounts first, reviews second, in every slice: so no two slices wait for each other. */
  private async open(fresh: readonly Heard[], { now, refused, velocity }: Begun, tx: Tx): Promise<Ledger> {
    const accounts = await this.accounts.lock(
      tx,
      fresh.flatMap(({ question }) => accountOf(question)),
    );
    const world = { registry: this.registry, now };
    const mayBeEmergency = fresh.some(({ question }) => incidentsOf(question.request, world).length > 0);
    const openReviews = mayBeEmergency ? await this.reviews.lockOpen(tx) : [];
    return new Ledger({ accounts, velocity, openReviews, refused });
  }

  private one({ shape, ...heard }: Asking, ledger: Ledger, now: Date): Decided {
    const { question } = heard;
    const counters = ledger.countersFor(question, shape);
    const judged = this.decider.decide(question, {
      registry: this.registry,
      counters,
      purpose: 'first',
      now,
      decidedAt: now,
    });
    ledger.record(question, judged.verdict);
    return { ...heard, shape, judged, counters };
  }
}

function askedBy({ question, shape }: Asking): Parameters<ActionStore['begin']>[1][number] {
  const { actionId, agentId, request } = question;
  return { actionId, agentId, action: request.action.name, shape };
}

function rowOf(decided: Decided): JudgedRow {
  const { counters, judged } = decided;
  const { outcome } = judged.verdict;
  const { shape, ...asked } = askedBy(decided);
  return {
    ...asked,
    outcome,
    velocity: counters.velocity,
    shape: outcome === 'require_approval' ? shape : null,
    refusedSecondsAgo: counters.refusedSecondsAgo ?? null,
  };
}

function accountOf({ agentId, request }: Question): AccountKey[] {
  const money = moneyOf(request);
  return money === undefined ? [] : [{ agentId, currency: money.currency }];
}
