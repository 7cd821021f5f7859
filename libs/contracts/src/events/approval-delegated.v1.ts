import { z } from 'zod';
import { defineEvent } from '../event.js';
import { entryId, instant } from '../ids.js';
import { signedDelegation } from '../person-statements.js';
import { topics } from '../topics.js';
import { who } from './parts.js';

export const approvalDelegated = defineEvent({
  type: 'sallyport.approval.delegated.v1',
  topic: topics.approvals,
  emitted: 'a person gave their seat in a request to another one, or took it back.',
  data: z.object({
    ...who,
    by: entryId,
    to: entryId,
    until: instant,
    /** False: taken back. */
    stands: z.boolean(),
    delegated: signedDelegation,
  }),
});
