import { z } from 'zod';
import { defineEvent } from '../event.js';
import { instant } from '../ids.js';
import { signedOutcome } from '../statements.js';
import { topics } from '../topics.js';
import { executed, lease } from './parts.js';

export const leaseReleased = defineEvent({
  type: 'sallyport.lease.released.v1',
  topic: topics.leases,
  emitted:
    'the agent redeemed: a credential came into being and was delivered to it alone; or (`brokered`) the gate has run the statement.',
  data: z.object({ ...lease, expires_at: instant, result: executed.optional(), outcome: signedOutcome }),
});
