import { z } from 'zod';
import { defineEvent } from '../event.js';
import { entryId, instant } from '../ids.js';
import { countedVote } from '../statements.js';
import { topics } from '../topics.js';
import { summary, who } from './parts.js';

export const approvalVoted = defineEvent({
  type: 'sallyport.approval.voted.v1',
  topic: topics.approvals,
  emitted: 'a vote was counted. It may or may not have completed a stage.',
  data: z.object({
    ...who,
    person: entryId,
    decision: z.enum(['approve', 'deny']),
    stage: z.int(),
    counted: countedVote,
    /** This vote completed its stage: whom the request waits for now. */
    next: z.object({ stage: z.int().positive(), deadline_at: instant, summary }).optional(),
  }),
});
