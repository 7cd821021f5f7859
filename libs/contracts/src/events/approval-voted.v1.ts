import { z } from 'zod';
import { defineEvent } from '../event.js';
import { entryId, instant } from '../ids.js';
import { countedVote } from '../person-statements.js';
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
    /**
     * With the first vote on a view: its text (RFC 8785) as it was shown to whoever is shown this much, so that it can be shown again. Its SHA-256
     * is the `view_digest` of the vote.
     */
    shown: z.string().optional(),
    /** This vote completed its stage: whom the request waits for now. */
    next: z.object({ stage: z.int().positive(), deadline_at: instant, summary }).optional(),
  }),
});
