import { Injectable } from '@nestjs/common';
import { reviewOpened, type DataOf, type policyAllowed } from '#contracts';
import type { Tx } from '#database';
import { DeadLetters, Outbox, type Incoming, type Said, type SliceHandler } from '#messaging';
import { newId } from '#platform';
import { reviewOf, type ReviewWanted } from '../core/review.js';
import { ReviewStore, type NewReview } from '../io/review.store.js';
import { ReadEvidence } from './read-evidence.js';

type Event = Incoming<DataOf<typeof policyAllowed>>;

interface Due {
  event: Event;
  wanted: ReviewWanted;
  row: NewReview;
}

/** An emergency rule let an action through: people must look at it afterwards. Every other allow is none of this service's business. */
@Injectable()
export class OpenReviews implements SliceHandler<typeof policyAllowed> {
  constructor(
    private readonly evidence: ReadEvidence,
    private readonly reviews: ReviewStore,
    private readonly outbox: Outbox,
    private readonly dead: DeadLetters,
  ) {}

  async handle(events: Event[], tx: Tx): Promise<void> {
    const read = events.map((event) => ({ event, wanted: reviewOf(this.evidence.read(event.data, 'allow')) }));
    const due = read.flatMap(({ event, wanted }) =>
      typeof wanted === 'string' ? [] : [{ event, wanted, row: rowOf(event, wanted) }],
    );
    await this.open(due, tx);
    const forged = read.filter(({ wanted }) => wanted === 'forged');
    await this.dead.bury(
      tx,
      forged.map(({ event }) => event),
    );
  }

  private async open(due: Due[], tx: Tx): Promise<void> {
    if (due.length === 0) return;
    const opened = await this.reviews.open(
      tx,
      due.map(({ row }) => row),
    );
    const dueAt = new Map(opened.map((one) => [one.reviewId, one.dueAt]));
    const said = due.flatMap((one) => {
      const at = dueAt.get(one.row.reviewId);
      return at === undefined ? [] : [saidOf(one, at)];
    });
    if (said.length > 0) await this.outbox.say(tx, said);
  }
}

function rowOf(event: Event, { request, review, summary, agent }: ReviewWanted): NewReview {
  return {
    reviewId: newId(),
    actionId: event.data.action_id,
    agentId: agent.id,
    agentVersion: agent.version,
    onBehalfOf: request.context.on_behalf_of,
    rule: review.rule,
    group: review.group,
    incident: review.incident,
    headline: `${agent.id} did ${summary.action} on ${summary.resource} by emergency rule ${review.rule}`,
    dueSeconds: review.due_seconds,
    traceparent: event.traceparent,
  };
}

function saidOf({ event, row, wanted }: Due, dueAt: Date): Said<typeof reviewOpened> {
  return {
    event: reviewOpened,
    subject: row.actionId,
    // The review's own row: an action that was allowed has no approval beside it.
    sequence: 1,
    data: {
      action_id: row.actionId,
      agent_id: row.agentId,
      review_id: row.reviewId,
      rule: row.rule,
      group: row.group,
      ...(row.incident !== undefined && { incident: row.incident }),
      due_at: dueAt.toISOString(),
      summary: wanted.summary,
    },
    traceparent: event.traceparent,
  };
}
