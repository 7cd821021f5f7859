import { defineEvent } from '../event.js';
import { topics } from '../topics.js';
import { closedData } from './parts.js';

export const approvalDenied = defineEvent({
  type: 'sallyport.approval.denied.v1',
  topic: topics.approvals,
  emitted: 'a person denied, policy denied before a vote counted, or nobody could decide. Terminal.',
  data: closedData,
});
