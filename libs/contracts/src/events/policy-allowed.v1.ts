import { z } from 'zod';
import { defineEvent } from '../event.js';
import { verdictEvidence } from '../statements.js';
import { topics } from '../topics.js';
import { who } from './parts.js';

export const policyAllowed = defineEvent({
  type: 'sallyport.policy.allowed.v1',
  topic: topics.decisions,
  emitted: 'the rules allow the action, at once or by an emergency rule. No credential exists yet.',
  data: z.object({ ...who, evidence: verdictEvidence }),
});
