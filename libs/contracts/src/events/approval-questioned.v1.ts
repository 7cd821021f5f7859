import { z } from 'zod';
import { defineEvent } from '../event.js';
import { entryId, instant } from '../ids.js';
import { signedOutcome } from '../statements.js';
import { topics } from '../topics.js';
import { who } from './parts.js';

export const approvalQuestioned = defineEvent({
  type: 'sallyport.approval.questioned.v1',
  topic: topics.approvals,
  emitted: 'a person asks the agent something before they decide. The request waits as before.',
  data: z.object({
    ...who,
    by: entryId,
    /** In the person's own words; the outcome has only a code. */
    text: z.string().min(1).max(2_000),
    asked_at: instant,
    outcome: signedOutcome,
  }),
});
