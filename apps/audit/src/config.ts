import { z } from 'zod';
import { commonSettings, defineSettings, type SettingsOf } from '#platform';
import { issuerSettings } from '#facts';

export const settings = defineSettings(
  z.object({
    ...commonSettings('audit'),
    ...issuerSettings,
    SALLYPORT_AUDIT_LOG_NAME: z
      .string()
      .regex(/^[a-z0-9-]{1,64}$/u)
      .default('1')
      .describe('Name of this incarnation of the log; choose a new one after a restore from an old backup'),
    SALLYPORT_AUDIT_CHECKPOINT_SECONDS: z.coerce
      .number()
      .int()
      .min(1)
      .max(60)
      .default(2)
      .describe('How often a grown log is signed'),
  }),
);

export type Settings = SettingsOf<typeof settings>;
