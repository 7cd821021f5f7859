import { z } from 'zod';
import { defineEvent } from '../event.js';
import { entryId, instant } from '../ids.js';
import { topics } from '../topics.js';
import { review } from './parts.js';

export const reviewClosed = defineEvent({
  type: 'sallyport.review.closed.v1',
  topic: topics.approvals,
  emitted: 'a person closed a review.',
  data: z.object({
    ...review,
    verdict: z.enum(['fit', 'unfit', 'follow_up']),
    reason: z.string(),
    by: entryId,
    closed_at: instant,
  }),
});
