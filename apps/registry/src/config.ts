import { issuerSettings } from '#facts';
import { commonSettings, defineSettings, type SettingsOf } from '#platform';
import { z } from 'zod';

export const settings = defineSettings(
  z.object({
    ...commonSettings('registry'),
    ...issuerSettings,
    SALLYPORT_REGISTRY_BOOTSTRAP_FILE: z
      .string()
      .optional()
      .describe('People and the group registrars, as YAML or JSON: read once, into an empty registry, and never again'),
  }),
);

export type Settings = SettingsOf<typeof settings>;
