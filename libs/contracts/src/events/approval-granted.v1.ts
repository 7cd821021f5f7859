import { z } from 'zod';
import { defineEvent } from '../event.js';
import { compactJws } from '../ids.js';
import { grantEvidence } from '../statements.js';
import { topics } from '../topics.js';
import { who } from './parts.js';

export const approvalGranted = defineEvent({
  type: 'sallyport.approval.granted.v1',
  topic: topics.approvals,
  emitted:
    'every stage has its quorum. The votes inside prove it; the granting proves that approvals handed the action on.',
  data: z.object({
    ...who,
    evidence: grantEvidence,
    granting: compactJws,
    granted: z.object({ ttl_seconds: z.int().positive(), uses: z.int().positive() }),
  }),
});
