import { reviewsAnswer } from '#contracts';
import { z } from 'zod';
import { table } from '../core/say.js';
import type { Gate } from '../io/gate.js';
import type { Output } from '../io/output.js';

export async function listReviews(gate: Gate, output: Output): Promise<void> {
  const answer = await gate.call('approvals', '/v1/reviews', reviewsAnswer);
  const rows = answer.reviews.map((r) => [r.review_id, r.state, r.rule, r.group, r.due_at, r.headline]);
  output.result(
    answer,
    rows.length === 0 ? 'No review is due.' : table(['review', 'state', 'rule', 'group', 'due', 'what'], rows),
  );
}

export async function closeReview(
  gate: Gate,
  output: Output,
  review: { id: string; verdict: string; reason: string },
): Promise<void> {
  const { id, verdict, reason } = review;
  const path = `/v1/reviews/${encodeURIComponent(id)}/close`;
  const answer = await gate.call('approvals', path, z.looseObject({}), { method: 'POST', body: { verdict, reason } });
  output.result(answer, 'Closed. The emergency rule can be used again.');
}
