import { commonSettings, defineSettings, type SettingsOf } from '#platform';
import { z } from 'zod';

export const settings = defineSettings(
  z.object({
    ...commonSettings('policy'),
    SALLYPORT_POLICY_BUNDLE_FILE: z
      .string()
      .default('dist/policies/bundle.tar.gz')
      .describe('The compiled rules, as `npm run policies:build` makes them; a changed file is taken up at once'),
    SALLYPORT_POLICY_CONFIG_FILE: z
      .string()
      .optional()
      .describe(
        'Thresholds, groups and modes of the rules, in place of those in the bundle; a changed file is taken up at once',
      ),
  }),
);

export type Settings = SettingsOf<typeof settings>;
