import { Injectable } from '@nestjs/common';
import type { IssuerSubject } from '#contracts';
import { Database, type Tx } from '#database';

export interface NewReview {
  reviewId: string;
  actionId: string;
  agentId: string;
  agentVersion: number;
  onBehalfOf: IssuerSubject | undefined;
  rule: string;
  group: string;
  incident: string | undefined;
  headline: string;
  dueSeconds: number;
  traceparent: string | undefined;
}

export interface Review extends Omit<NewReview, 'dueSeconds'> {
  state: 'open' | 'closed';
  dueAt: Date;
}

export interface Closing {
  verdict: 'fit' | 'unfit' | 'follow_up';
  reason: string;
  by: string;
}

interface Row {
  review_id: string;
  action_id: string;
  agent_id: string;
  agent_version: number;
  on_behalf_of: IssuerSubject | null;
  rule: string;
  review_group: string;
  incident: string | null;
  headline: string;
  state: 'open' | 'closed';
  due_at: Date;
  traceparent: string | null;
}

const columns = `review_id, action_id, agent_id, agent_version, on_behalf_of, rule, review_group, incident, headline, state, due_at, traceparent`;
const mostLines = 200;

@Injectable()
export class ReviewStore {
  constructor(private readonly database: Database) {}

  /** One review per action, ever; answers those that are new, with when they are due. */
  async open(tx: Tx, reviews: NewReview[]): Promise<{ reviewId: string; dueAt: Date }[]> {
    const given = reviews.map((review) => ({
      review_id: review.reviewId,
      action_id: review.actionId,
      agent_id: review.agentId,
      agent_version: review.agentVersion,
      on_behalf_of: review.onBehalfOf,
      rule: review.rule,
      review_group: review.group,
      incident: review.incident,
      headline: review.headline,
      due_seconds: review.dueSeconds,
      traceparent: review.traceparent,
    }));
    const rows = await tx.query<{ review_id: string; due_at: Date }>(insertReviews, [JSON.stringify(given)]);
    return rows.map((row) => ({ reviewId: row.review_id, dueAt: row.due_at }));
  }

  async read(reviewId: string): Promise<Review | undefined> {
    const [row] = await this.database.query<Row>(`SELECT ${columns} FROM review WHERE review_id = $1`, [reviewId]);
    return row === undefined ? undefined : reviewOf(row);
  }

  /** The reviews of these groups, or all; oldest due date first. */
  async inState(state: Review['state'], groups: string[] | 'all'): Promise<Review[]> {
    const rows = await this.database.query<Row>(
      `SELECT ${columns} FROM review WHERE state = $1 AND ($2::text[] IS NULL OR review_group = ANY($2))
       ORDER BY due_at, review_id LIMIT ${String(mostLines)}`,
      [state, groups === 'all' ? null : groups],
    );
    return rows.map(reviewOf);
  }

  /** Open becomes closed once; undefined when somebody else was first. */
  async close(tx: Tx, reviewId: string, closing: Closing): Promise<Date | undefined> {
    const [row] = await tx.query<{ closed_at: Date }>(
      `UPDATE review SET state = 'closed', verdict = $2, reason = $3, closed_by = $4, closed_at = clock_timestamp()
       WHERE review_id = $1 AND state = 'open' RETURNING closed_at`,
      [reviewId, closing.verdict, closing.reason, closing.by],
    );
    return row?.closed_at;
  }
}

const insertReviews = `
  INSERT INTO review (review_id, action_id, agent_id, agent_version, on_behalf_of, rule, review_group, incident, headline, due_at, traceparent)
  SELECT review_id, action_id, agent_id, agent_version, on_behalf_of, rule, review_group, incident, headline,
    now() + make_interval(secs => due_seconds), traceparent
  FROM json_to_recordset($1::json) AS g (
    review_id uuid, action_id uuid, agent_id text, agent_version int, on_behalf_of json, rule text, review_group text, incident text,
    headline text, due_seconds int, traceparent text)
  ORDER BY action_id
  ON CONFLICT (action_id) DO NOTHING
  RETURNING review_id, due_at`;

function reviewOf(row: Row): Review {
  return {
    reviewId: row.review_id,
    actionId: row.action_id,
    agentId: row.agent_id,
    agentVersion: row.agent_version,
    onBehalfOf: row.on_behalf_of ?? undefined,
    rule: row.rule,
    group: row.review_group,
    incident: row.incident ?? undefined,
    headline: row.headline,
    state: row.state,
    dueAt: row.due_at,
    traceparent: row.traceparent ?? undefined,
  };
}
