import { z } from 'zod';
import { instant } from '../ids.js';

/** Declared and ended by a person of `soc-lead`; never by an agent. */
export const incident = z.strictObject({
  severity: z.enum(['sev1', 'sev2', 'sev3', 'sev4']),
  playbook: z.string().max(256),
  /** What the playbook lets an agent do at once. */
  actions: z.array(z.string()).max(100),
  resources: z.array(z.string()).max(1_000),
  ends_at: instant,
});
export type Incident = z.infer<typeof incident>;
