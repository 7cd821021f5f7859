import { z } from 'zod';
import { issuerSettings } from '#facts';
import { commonSettings, defineSettings, demoDefault, secret, type SettingsOf } from '#platform';

export const settings = defineSettings(
  z.object({
    ...commonSettings('notifier'),
    ...issuerSettings,
    SALLYPORT_NOTIFIER_SMTP_URL: secret(z.url({ protocol: /^smtps?$/u })).describe(
      'Mail server for what people are told: smtp://user:password@host:port',
    ),
    SALLYPORT_NOTIFIER_MAIL_FROM: demoDefault(z.email(), 'sallyport@demo.example').describe(
      'Sender address of mails; its domain stands in every Message-ID',
    ),
    SALLYPORT_NOTIFIER_SECRETS_DIR: z
      .string()
      .describe('Folder with one file per secret that a group’s channel names (webhook URLs and signing keys)'),
  }),
);

export type Settings = SettingsOf<typeof settings>;
