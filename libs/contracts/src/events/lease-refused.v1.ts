import { defineEvent } from '../event.js';
import { topics } from '../topics.js';
import { leaseEndData } from './parts.js';

export const leaseRefused = defineEvent({
  type: 'sallyport.lease.refused.v1',
  topic: topics.leases,
  emitted: 'the evidence, the profile, current policy, or the target stood against release. Terminal.',
  data: leaseEndData,
});
