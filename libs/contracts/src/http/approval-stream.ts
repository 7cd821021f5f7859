import { z } from 'zod';
import { uuidv7 } from '../ids.js';

/** How long one stream lasts at most, in seconds; then the client comes again with a token of that moment. */
export const longestStreamSeconds = 300;

export const approvalStreamQuery = z.strictObject({
  max_seconds: z.coerce.number().int().min(1).max(longestStreamSeconds).default(longestStreamSeconds),
});

/**
 * An event of `GET /v1/approvals/stream` (`text/event-stream`, HTML section 9.2): where an approval stands now. What it
 * says is read from its door. `reset` is for a client whose `Last-Event-ID` is too old or of another gate: it reads its
 * list again.
 */
export const approvalStreamEvent = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.enum(['opened', 'changed', 'granted', 'denied', 'expired', 'cancelled']),
    id: uuidv7,
    /** Of the approval's row: of two events about one approval, the higher one is newer. */
    version: z.int().positive(),
  }),
  z.strictObject({ type: z.literal('reset') }),
]);

export type ApprovalStreamEvent = z.output<typeof approvalStreamEvent>;
