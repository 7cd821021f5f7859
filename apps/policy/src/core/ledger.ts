import type { Verdict } from '#contracts';
import { moneyOf } from './attributes.js';
import type { Counters } from './gather.js';
import type { Question } from './question.js';

export interface AccountKey {
  agentId: string;
  currency: string;
}

export interface Account extends AccountKey {
  /** What the agent may count as spent or in flight on its own, and what people decided or will; minor units. */
  ownMinor: number;
  peopleMinor: number;
}

export interface Reservation extends AccountKey {
  actionId: string;
  amountMinor: number;
  /** Allowed without people. */
  own: boolean;
}

export interface Asked {
  agentId: string;
  action: string;
  count: number;
}

/** A person's no to requests of this shape, by the database's clock. */
export interface Refused {
  shape: string;
  secondsAgo: number;
}

export interface LedgerStart {
  accounts: readonly Account[];
  velocity: readonly Asked[];
  openReviews: readonly string[];
  refused: readonly Refused[];
}

const keyOf = (...parts: string[]): string => JSON.stringify(parts);

/**
 * The counters of one slice. What is judged later in the slice sees what was judged before it, exactly as if each had been
 * committed alone: the accounts are locked, so no other process changes them meanwhile.
 */
export class Ledger {
  readonly reservations: Reservation[] = [];
  readonly reviews: { actionId: string; rule: string }[] = [];
  private readonly accounts: Map<string, Account>;
  private readonly velocity: Map<string, number>;
  private readonly open: Set<string>;
  private readonly refused: Map<string, number>;

  constructor({ accounts, velocity, openReviews, refused }: LedgerStart) {
    this.accounts = new Map(accounts.map((account) => [keyOf(account.agentId, account.currency), { ...account }]));
    this.velocity = new Map(velocity.map(({ agentId, action, count }) => [keyOf(agentId, action), count]));
    this.open = new Set(openReviews);
    this.refused = new Map(refused.map(({ shape, secondsAgo }) => [shape, secondsAgo]));
  }

  /** `shape`: what `shapeOf` says of the question. */
  countersFor({ agentId, request }: Question, shape: string): Counters {
    const refusedSecondsAgo = this.refused.get(shape);
    const money = moneyOf(request);
    const account = money && this.accounts.get(keyOf(agentId, money.currency));
    return {
      velocity: this.velocity.get(keyOf(agentId, request.action.name)) ?? 0,
      openReviews: [...this.open],
      ...(refusedSecondsAgo !== undefined && { refusedSecondsAgo }),
      ...(account && { spend: { ownMinor: account.ownMinor, peopleMinor: account.peopleMinor } }),
    };
  }

  /** A denied action reserves nothing and owes no review; it was asked for all the same. */
  record(question: Question, verdict: Verdict): void {
    const { actionId, agentId, request } = question;
    const asked = keyOf(agentId, request.action.name);
    this.velocity.set(asked, (this.velocity.get(asked) ?? 0) + 1);
    if (verdict.outcome === 'deny') return;
    this.reserve(question, verdict);
    const { review } = verdict.obligations;
    if (review === undefined) return;
    this.reviews.push({ actionId, rule: review.rule });
    this.open.add(review.rule);
  }

  private reserve({ actionId, agentId, request }: Question, { outcome }: Verdict): void {
    const money = moneyOf(request);
    const account = money && this.accounts.get(keyOf(agentId, money.currency));
    if (money === undefined || account === undefined) return;
    const own = outcome === 'allow';
    if (own) account.ownMinor += money.amountMinor;
    else account.peopleMinor += money.amountMinor;
    this.reservations.push({ actionId, agentId, ...money, own });
  }
}
