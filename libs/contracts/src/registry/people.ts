import { z } from 'zod';
import { entryId, money } from '../ids.js';
import { issuerSubject } from '../request.js';

export const person = z.strictObject({
  /** Linked identities: several accounts, one person. An identity belongs to one person only. */
  identities: z.array(issuerSubject).min(1).max(16),
  name: z.string().min(1).max(256),
  mail: z.string().max(320).optional(),
  manager: entryId.optional(),
  /** How much this person may approve, per currency. */
  limits: z.array(money).default([]),
  /** How many requests of all the agents that this person owns may wait for people at once. */
  most_waiting: z.int().positive().optional(),
  state: z.enum(['active', 'inactive']),
});
export type Person = z.infer<typeof person>;
