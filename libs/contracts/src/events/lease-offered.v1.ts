import { z } from 'zod';
import { defineEvent } from '../event.js';
import { instant } from '../ids.js';
import { signedOutcome } from '../statements.js';
import { topics } from '../topics.js';
import { lease } from './parts.js';

export const leaseOffered = defineEvent({
  type: 'sallyport.lease.offered.v1',
  topic: topics.leases,
  emitted: 'the evidence verified and one lease was offered. Nothing exists at any target yet.',
  data: z.object({ ...lease, offer_expires_at: instant, outcome: signedOutcome }),
});
