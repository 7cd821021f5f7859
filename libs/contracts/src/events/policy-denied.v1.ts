import { z } from 'zod';
import { defineEvent } from '../event.js';
import { signedOutcome, verdictEvidence } from '../statements.js';
import { topics } from '../topics.js';
import { who } from './parts.js';

export const policyDenied = defineEvent({
  type: 'sallyport.policy.denied.v1',
  topic: topics.decisions,
  emitted: 'the rules, an evaluation error, or an end asked for before the verdict stopped the action. Terminal.',
  data: z.object({ ...who, evidence: verdictEvidence.optional(), outcome: signedOutcome }),
});
