import { defineEvent } from '../event.js';
import { topics } from '../topics.js';
import { openedData } from './parts.js';

export const approvalOpened = defineEvent({
  type: 'sallyport.approval.opened.v1',
  topic: topics.approvals,
  emitted: 'a plan was opened and waits for people. Proves nothing by itself.',
  data: openedData,
});
