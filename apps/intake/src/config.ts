import { commonSettings, defineSettings, type SettingsOf } from '#platform';
import { z } from 'zod';

export const settings = defineSettings(z.object({ ...commonSettings('intake') }));

export type Settings = SettingsOf<typeof settings>;
