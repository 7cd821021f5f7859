import { defineEvent } from '../event.js';
import { topics } from '../topics.js';
import { cancelRequestedData } from './parts.js';

export const actionCancelRequested = defineEvent({
  type: 'sallyport.action.cancel_requested.v1',
  topic: topics.actions,
  emitted: 'somebody asked to end an action that intake has passed on. Whoever holds it decides.',
  data: cancelRequestedData,
});
