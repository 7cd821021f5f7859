import { defineEvent } from '../event.js';
import { topics } from '../topics.js';
import { cancelRequestedData } from './parts.js';

export const policyCancelRequested = defineEvent({
  type: 'sallyport.policy.cancel_requested.v1',
  topic: topics.decisions,
  emitted: 'an ask to end an action that policy has passed on.',
  data: cancelRequestedData,
});
