import { defineEvent } from '../event.js';
import { topics } from '../topics.js';
import { leaseEndData } from './parts.js';

export const leaseEnded = defineEvent({
  type: 'sallyport.lease.ended.v1',
  topic: topics.leases,
  emitted: 'the credential is gone, verified at the target. Terminal.',
  data: leaseEndData,
});
