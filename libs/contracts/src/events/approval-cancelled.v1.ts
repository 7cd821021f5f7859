import { defineEvent } from '../event.js';
import { topics } from '../topics.js';
import { closedData } from './parts.js';

export const approvalCancelled = defineEvent({
  type: 'sallyport.approval.cancelled.v1',
  topic: topics.approvals,
  emitted: 'ended while people were deciding: by the agent, by a person, or by a suspension. Terminal.',
  data: closedData,
});
