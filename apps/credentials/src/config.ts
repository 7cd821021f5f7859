import { z } from 'zod';
import { issuerSettings } from '#facts';
import { commonSettings, defineSettings, type SettingsOf } from '#platform';

export const settings = defineSettings(
  z.object({
    ...commonSettings('credentials'),
    ...issuerSettings,
    SALLYPORT_CREDENTIALS_SECRETS_DIR: z
      .string()
      .min(1)
      .describe('Folder with one file per secret name: the connections to targets, readable by this service alone'),
    SALLYPORT_CREDENTIALS_MINT_SECONDS: z.coerce
      .number()
      .int()
      .min(2)
      .max(60)
      .default(10)
      .describe('How long a target may take to make a credential; later it is taken back'),
    SALLYPORT_CREDENTIALS_TARGET_CONNECTIONS: z.coerce
      .number()
      .int()
      .min(2)
      .max(50)
      .default(8)
      .describe(
        'Most connections that one process opens to one target; it ends as many leases there at once, less one',
      ),
    SALLYPORT_CREDENTIALS_TARGET_SECONDS: z.coerce
      .number()
      .int()
      .min(2)
      .max(30)
      .default(10)
      .describe('How long a target may take to answer; then its silence is a failure, and is tried again'),
    SALLYPORT_CREDENTIALS_ENDING_SECONDS: z.coerce
      .number()
      .int()
      .min(1)
      .max(3_600)
      .default(300)
      .describe('The longest wait before the end of a lease is tried again at a target that fails'),
    SALLYPORT_CREDENTIALS_RECONCILE_SECONDS: z.coerce
      .number()
      .int()
      .min(1)
      .max(3_600)
      .default(60)
      .describe('How often what stands at each target is compared with the leases'),
  }),
);

export type Settings = SettingsOf<typeof settings>;
