import { z } from 'zod';
import { defineEvent } from '../event.js';
import { grantEvidence } from '../statements.js';
import { topics } from '../topics.js';
import { who } from './parts.js';

export const approvalGranted = defineEvent({
  type: 'sallyport.approval.granted.v1',
  topic: topics.approvals,
  emitted: 'every stage has its quorum. Proves nothing by itself: the votes inside do.',
  data: z.object({
    ...who,
    evidence: grantEvidence,
    granted: z.object({ ttl_seconds: z.int().positive(), uses: z.int().positive() }),
  }),
});
