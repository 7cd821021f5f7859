import { defineEvent } from '../event.js';
import { topics } from '../topics.js';
import { cancelRequestedData } from './parts.js';

export const approvalCancelRequested = defineEvent({
  type: 'sallyport.approval.cancel_requested.v1',
  topic: topics.approvals,
  emitted: 'an ask to end an action that approvals has passed on (withdraw, stop, or an earlier ask).',
  data: cancelRequestedData,
});
