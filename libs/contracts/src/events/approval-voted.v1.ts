import { z } from 'zod';
import { defineEvent } from '../event.js';
import { entryId } from '../ids.js';
import { countedVote } from '../statements.js';
import { topics } from '../topics.js';
import { who } from './parts.js';

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
  }),
});
