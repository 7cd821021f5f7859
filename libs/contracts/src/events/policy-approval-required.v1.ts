import { z } from 'zod';
import { defineEvent } from '../event.js';
import { verdictEvidence } from '../statements.js';
import { topics } from '../topics.js';
import { who } from './parts.js';

export const policyApprovalRequired = defineEvent({
  type: 'sallyport.policy.approval_required.v1',
  topic: topics.decisions,
  emitted: 'people must decide; the plan in the verdict says who.',
  data: z.object({ ...who, evidence: verdictEvidence }),
});
