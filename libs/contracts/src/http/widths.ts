import { z } from 'zod';
import { entryId } from '../ids.js';

/** How a profile is wider than what it is for; or why nobody could look. */
export const widthCode = z.enum([
  // By what is registered and by the rules.
  'ttl_above_rules', 'uses_above_rules', 'action_of_nobody', 'resource_of_nobody', 'rules_unknown',
  // By what stands at the target.
  'special_rights', 'other_database', 'can_change', 'can_create', 'ttl_at_target', 'not_at_target', 'of_no_profile', 'target_unknown',
]); // prettier-ignore
export type WidthCode = z.infer<typeof widthCode>;

export const width = z.object({
  /** The registered profile; for `of_no_profile` the one that is installed at the target. */
  profile: z.string(),
  target: entryId,
  code: widthCode,
  /** What it is that nobody needs. */
  detail: z.string(),
});
export type Width = z.infer<typeof width>;

/** `GET /v1/profiles/width`: every profile that was looked at, and where it is wider than it needs to be. */
export const widthsAnswer = z.object({ profiles: z.array(entryId), wide: z.array(width) });
export type WidthsAnswer = z.infer<typeof widthsAnswer>;
