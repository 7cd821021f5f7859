import { z } from 'zod';
import { defineEvent } from '../event.js';
import { entryId, instant } from '../ids.js';
import { topics } from '../topics.js';
import { summary, who } from './parts.js';

export const approvalEscalated = defineEvent({
  type: 'sallyport.approval.escalated.v1',
  topic: topics.approvals,
  emitted:
    'nobody has decided a stage for as long as its plan says: the next group may fill its seats too. Those who could before still can.',
  data: z.object({
    ...who,
    /** `groups` are those that were added. */
    summary,
    stages: z.array(z.object({ stage: z.int().positive(), to: entryId })).min(1),
    escalated_at: instant,
    deadline_at: instant,
  }),
});
