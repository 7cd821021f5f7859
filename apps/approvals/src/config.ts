import { issuerSettings } from '#facts';
import { commonSettings, defineSettings, type SettingsOf } from '#platform';
import { z } from 'zod';

export const settings = defineSettings(z.object({ ...commonSettings('approvals'), ...issuerSettings }));

export type Settings = SettingsOf<typeof settings>;
