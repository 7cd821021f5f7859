import { z } from 'zod';
import { entryId } from '../ids.js';

export const group = z.strictObject({
  members: z.array(entryId).max(10_000),
  /** Where the group is told. Webhook URL and key are names of secrets, never the values. */
  channel: z
    .strictObject({
      mail: z.string().max(320).optional(),
      webhook: z.strictObject({ url_secret: z.string(), key_secret: z.string() }).optional(),
    })
    .default({}),
  description: z.string().max(1_024).optional(),
});
export type Group = z.infer<typeof group>;
