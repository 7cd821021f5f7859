import { Injectable } from '@nestjs/common';
import type { DataOf, reviewClosed } from '#contracts';
import type { Tx } from '#database';
import type { Incoming, SliceHandler } from '#messaging';
import { ReviewStore } from '../io/review.store.js';

/** A person has looked at what an emergency rule let through: the rule may work again. */
@Injectable()
export class CloseReviews implements SliceHandler<typeof reviewClosed> {
  constructor(private readonly reviews: ReviewStore) {}

  async handle(events: Incoming<DataOf<typeof reviewClosed>>[], tx: Tx): Promise<void> {
    const closed = events.map(({ data }) => ({ actionId: data.action_id, rule: data.rule }));
    await this.reviews.close(tx, closed);
  }
}
