import { defineEvent } from '../event.js';
import { topics } from '../topics.js';
import { closedData } from './parts.js';

export const approvalExpired = defineEvent({
  type: 'sallyport.approval.expired.v1',
  topic: topics.approvals,
  emitted: 'silence until the deadline. Never a person’s no. Terminal.',
  data: closedData,
});
