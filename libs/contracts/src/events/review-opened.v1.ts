import { z } from 'zod';
import { defineEvent } from '../event.js';
import { instant } from '../ids.js';
import { topics } from '../topics.js';
import { review, summary } from './parts.js';

export const reviewOpened = defineEvent({
  type: 'sallyport.review.opened.v1',
  topic: topics.approvals,
  emitted: 'an emergency rule released an action; people must look at it before the rule works again.',
  data: z.object({ ...review, incident: z.string().optional(), due_at: instant, summary }),
});
