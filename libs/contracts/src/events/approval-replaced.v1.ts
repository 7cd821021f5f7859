import { z } from 'zod';
import { defineEvent } from '../event.js';
import { entryId } from '../ids.js';
import { verdictEvidence } from '../statements.js';
import { topics } from '../topics.js';
import { openedData } from './parts.js';

export const approvalReplaced = defineEvent({
  type: 'sallyport.approval.replaced.v1',
  topic: topics.approvals,
  emitted: 'policy or facts changed: the plan is a new one, all votes are void, voters are told.',
  data: openedData.extend({ evidence: verdictEvidence, voters: z.array(entryId) }),
});
