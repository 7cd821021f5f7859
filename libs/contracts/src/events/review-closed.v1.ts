import { z } from 'zod';
import { defineEvent } from '../event.js';
import { compactJws, entryId, instant } from '../ids.js';
import { reviewVerdict } from '../person-statements.js';
import { topics } from '../topics.js';
import { review } from './parts.js';

export const reviewClosed = defineEvent({
  type: 'sallyport.review.closed.v1',
  topic: topics.approvals,
  emitted: 'a person closed a review; the closing inside proves it.',
  data: z.object({
    ...review,
    verdict: reviewVerdict,
    reason: z.string(),
    by: entryId,
    closed_at: instant,
    /** All of the above as approvals signed it: who believes the event believes this. */
    closing: compactJws,
  }),
});
