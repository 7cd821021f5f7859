import { z } from 'zod';
import { defineEvent } from '../event.js';
import { compactJws, thumbprint } from '../ids.js';
import { replayWhy } from '../statements.js';
import { topics } from '../topics.js';
import { lease } from './parts.js';

export const leaseReplayed = defineEvent({
  type: 'sallyport.lease.replayed.v1',
  topic: topics.leases,
  emitted:
    'an alarm: a lease was redeemed once more, and not to fetch a lost answer. Said once per lease and `why`, however often it is tried.',
  data: z.object({
    ...lease,
    why: replayWhy,
    /** Of the key that came. */
    jkt: thumbprint,
    /** Whether this ends the lease. */
    ends: z.boolean(),
    /** All of the above as credentials signed it: who believes the event believes this. */
    replay: compactJws,
  }),
});
