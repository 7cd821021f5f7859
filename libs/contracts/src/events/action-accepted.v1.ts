import { z } from 'zod';
import { defineEvent } from '../event.js';
import { requestEvidence } from '../statements.js';
import { topics } from '../topics.js';
import { who } from './parts.js';

export const actionAccepted = defineEvent({
  type: 'sallyport.action.accepted.v1',
  topic: topics.actions,
  emitted: 'intake proved the agent and froze the action. It says nothing about whether the action may run.',
  data: z.object({ ...who, request: requestEvidence }),
});
