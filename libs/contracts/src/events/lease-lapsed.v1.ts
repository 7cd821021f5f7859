import { defineEvent } from '../event.js';
import { topics } from '../topics.js';
import { leaseEndData } from './parts.js';

export const leaseLapsed = defineEvent({
  type: 'sallyport.lease.lapsed.v1',
  topic: topics.leases,
  emitted: 'nobody collected the offer in time (outcome `expired`). Terminal.',
  data: leaseEndData,
});
