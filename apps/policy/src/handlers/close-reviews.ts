import { Injectable } from '@nestjs/common';
import type { DataOf, reviewClosed } from '#contracts';
import type { Tx } from '#database';
import type { Incoming, SliceHandler } from '#messaging';
import { Evidence } from '../io/evidence.js';
import { ReviewStore } from '../io/review.store.js';
import { BuryForged } from './bury-forged.js';

/** A person has looked at what an emergency rule let through: the rule may work again. Only what approvals signed about exactly this review says so. */
@Injectable()
export class CloseReviews implements SliceHandler<typeof reviewClosed> {
  constructor(
    private readonly reviews: ReviewStore,
    private readonly evidence: Evidence,
    private readonly forged: BuryForged,
  ) {}

  async handle(events: Incoming<DataOf<typeof reviewClosed>>[], tx: Tx): Promise<void> {
    const genuine = events.filter(({ data }) => this.evidence.isClosing(data));
    const closed = genuine.map(({ data }) => ({ actionId: data.action_id, rule: data.rule }));
    if (closed.length > 0) await this.reviews.close(tx, closed);
    await this.forged.bury(
      tx,
      events.filter((event) => !genuine.includes(event)),
    );
  }
}
