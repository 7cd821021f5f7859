import { z } from 'zod';
import { defineEvent } from '../event.js';
import { signedOutcome } from '../statements.js';
import { topics } from '../topics.js';
import { who } from './parts.js';

export const actionRejected = defineEvent({
  type: 'sallyport.action.rejected.v1',
  topic: topics.actions,
  emitted: 'an authentic request with an unused id was not valid. Terminal.',
  data: z.object({ ...who, code: z.string(), outcome: signedOutcome }),
});
