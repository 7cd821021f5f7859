import { Injectable } from '@nestjs/common';
import type { DataOf, reviewClosed } from '#contracts';
import type { Tx } from '#database';
import { DeadLetters, type Incoming, type SliceHandler } from '#messaging';
import { Evidence } from '../io/evidence.js';
import { ReviewStore } from '../io/review.store.js';

/** A person has looked at what an emergency rule let through: the rule may work again. Only what approvals signed about exactly this review says so. */
@Injectable()
export class CloseReviews implements SliceHandler<typeof reviewClosed> {
  constructor(
    private readonly reviews: ReviewStore,
    private readonly evidence: Evidence,
    private readonly deadLetters: DeadLetters,
  ) {}

  async handle(events: Incoming<DataOf<typeof reviewClosed>>[], tx: Tx): Promise<void> {
    const genuine = events.filter(({ data }) => this.evidence.isClosing(data));
    const closed = genuine.map(({ data }) => ({ actionId: data.action_id, rule: data.rule }));
    if (closed.length > 0) await this.reviews.close(tx, closed);
    await this.deadLetters.bury(
      tx,
      events.filter((event) => !genuine.includes(event)),
    );
  }
}
