import { Injectable } from '@nestjs/common';
import { ProblemError, reviewClosed, type CloseReviewAnswer, type Known } from '#contracts';
import { Database } from '#database';
import { isKnown, type CopyEntry, type Wanted } from '#facts';
import { Outbox, type Said } from '#messaging';
import { Fault } from '#platform';
import { deciderOf } from '../core/decider.js';
import { chainOf, overseers } from '../core/eligibility.js';
import { maySeeReview, whyMayNotClose, type ReviewCircle } from '../core/review.js';
import { RegistryFacts } from '../io/registry-facts.js';
import { ReviewStore, type Closing, type Review } from '../io/review.store.js';
import { VoteSigner } from '../io/vote-signer.js';

export interface CloseReviewInput {
  reviewId: string;
  caller: Known<'people'>;
  closing: Omit<Closing, 'by'>;
  traceparent: string | undefined;
}

/** A person has looked at what an emergency rule let through; from now on the rule may be used again. */
@Injectable()
export class CloseReview {
  constructor(
    private readonly reviews: ReviewStore,
    private readonly registry: RegistryFacts,
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly signer: VoteSigner,
  ) {}

  /** Throws ProblemError: `not_found`, `not_eligible`, `already_decided`. */
  async handle(input: CloseReviewInput): Promise<CloseReviewAnswer> {
    const review = await this.reviews.read(input.reviewId);
    if (review === undefined) throw new ProblemError('not_found');
    const { circle, person } = await this.around(review, input.caller.id);
    if (person === undefined || !maySeeReview(deciderOf(person), circle)) throw new ProblemError('not_found');
    const why = whyMayNotClose(deciderOf(person), circle);
    if (why !== undefined) throw new ProblemError('not_eligible', { why });
    const closedAt = await this.close(review, input);
    if (closedAt === undefined) throw new ProblemError('already_decided');
    return { review_id: review.reviewId, state: 'closed', closed_at: closedAt.toISOString() };
  }

  private close(review: Review, { caller, closing, traceparent }: CloseReviewInput): Promise<Date | undefined> {
    return this.database.transaction(async (tx) => {
      const by = { ...closing, by: caller.id };
      const closedAt = await this.reviews.close(tx, review.reviewId, by);
      if (closedAt !== undefined) await this.outbox.say(tx, [this.said(review, by, { closedAt, traceparent })]);
      return closedAt;
    });
  }

  private said(
    review: Review,
    closing: Closing,
    { closedAt, traceparent }: { closedAt: Date; traceparent: string | undefined },
  ): Said<typeof reviewClosed> {
    const closed = {
      action_id: review.actionId,
      agent_id: review.agentId,
      review_id: review.reviewId,
      rule: review.rule,
      group: review.group,
      ...closing,
      closed_at: closedAt.toISOString(),
    };
    return {
      event: reviewClosed,
      subject: review.actionId,
      sequence: 2,
      data: { ...closed, closing: this.signer.close(closed) },
      traceparent: traceparent ?? review.traceparent,
    };
  }

  /** The registry itself is asked, for the agent as it was and as it is, and for everybody who wrote the incident. */
  private async around(
    review: Review,
    personId: string,
  ): Promise<{ circle: ReviewCircle; person: Known<'people'> | undefined }> {
    const found = await this.registry.now(wantedFor(review, personId));
    const agents = found.filter((entry) => isKnown(entry, 'agents'));
    const groups = new Map(found.filter((entry) => isKnown(entry, 'groups')).map((group) => [group.id, group]));
    const incident = found.find((entry) => entry?.kind === 'incidents');
    const circle = {
      group: review.group,
      groups,
      chain: chainOf(agents, review.onBehalfOf),
      declarers: review.incident === undefined ? [] : await this.declarersOf(review.incident, incident),
    };
    return { circle, person: found.find((entry) => isKnown(entry, 'people')) };
  }

  /** A deletion is a version too, so the newest number tells how many there are, whatever became of the incident. */
  private async declarersOf(id: string, newest: CopyEntry | undefined): Promise<string[]> {
    if (newest === undefined) throw new Fault('registry_unavailable', { retryable: true, message: 'no such incident' });
    const versions = Array.from(
      { length: newest.version },
      (_, i) => ({ kind: 'incidents', id, version: i + 1 }) as const,
    );
    const written = await this.registry.now(versions);
    return written.filter((entry) => isKnown(entry, 'incidents')).map((incident) => incident.changed_by);
  }
}

function wantedFor({ agentId, agentVersion, group, incident }: Review, personId: string): Wanted[] {
  return [
    { kind: 'people', id: personId },
    { kind: 'agents', id: agentId },
    { kind: 'agents', id: agentId, version: agentVersion },
    ...[group, ...overseers].map((id) => ({ kind: 'groups', id }) as const),
    ...(incident === undefined ? [] : [{ kind: 'incidents', id: incident } as const]),
  ];
}
