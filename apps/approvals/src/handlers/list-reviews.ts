import { Injectable } from '@nestjs/common';
import type { Known, ReviewsAnswer } from '#contracts';
import { RegistryFacts } from '../io/registry-facts.js';
import { ReviewStore, type Review } from '../io/review.store.js';

/** Reviews of a person's groups; all of them to overseers. */
@Injectable()
export class ListReviews {
  constructor(
    private readonly reviews: ReviewStore,
    private readonly registry: RegistryFacts,
  ) {}

  async handle(caller: Known<'people'>, state: Review['state']): Promise<ReviewsAnswer> {
    const reviews = await this.reviews.inState(state, this.registry.sightOf(caller.id));
    return { reviews: reviews.map(lineOf) };
  }
}

function lineOf(review: Review): ReviewsAnswer['reviews'][number] {
  return {
    review_id: review.reviewId,
    action_id: review.actionId,
    rule: review.rule,
    group: review.group,
    headline: review.headline,
    state: review.state,
    due_at: review.dueAt.toISOString(),
  };
}
