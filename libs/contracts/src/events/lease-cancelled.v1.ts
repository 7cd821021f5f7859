import { defineEvent } from '../event.js';
import { topics } from '../topics.js';
import { leaseEndData } from './parts.js';

export const leaseCancelled = defineEvent({
  type: 'sallyport.lease.cancelled.v1',
  topic: topics.leases,
  emitted: 'ended before release. Terminal.',
  data: leaseEndData,
});
