import { z } from 'zod';
import { severity } from '#contracts';

const confirmationText = z.strictObject({
  id: z.string(),
  text: z.string(),
  /** Dotted path of the fact that stands beside the point, and of the claim that it is about. */
  fact: z.string().optional(),
  claim: z.string().optional(),
});

const ruleText = z.strictObject({
  title: z.string(),
  severity,
  controls: z.array(z.string()).min(1),
  confirmations: z.array(confirmationText),
});

/** The METADATA of the rules, as the build takes it from the Rego sources: what people read beside a code. By rule id. */
export const catalogue = z.record(z.string(), ruleText);
export type Catalogue = z.infer<typeof catalogue>;
export type ConfirmationText = z.infer<typeof confirmationText>;
