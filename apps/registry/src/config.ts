import { entryId } from '#contracts';
import { issuerSettings } from '#facts';
import { commonSettings, defineSettings, type SettingsOf } from '#platform';
import { z } from 'zod';

const scimProviders = z
  .array(
    z.strictObject({
      name: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/u),
      issuer: z.url(),
      token_file: z.string().min(1),
      subject: z.enum(['externalId', 'userName']).default('externalId'),
      people: z.array(entryId).default([]),
      groups: z.record(z.string(), entryId).default({}),
    }),
  )
  .refine((list) => isDistinct(list.map(({ name }) => name)), 'a name occurs twice')
  .refine((list) => isDistinct(list.map(({ issuer }) => issuer)), 'an issuer occurs twice')
  .refine((list) => list.every(({ groups }) => isDistinct(Object.values(groups))), 'two names of a provider stand for one group'); // prettier-ignore

const isDistinct = (values: readonly string[]): boolean => new Set(values).size === values.length;

export const settings = defineSettings(
  z.object({
    ...commonSettings('registry'),
    ...issuerSettings,
    SALLYPORT_REGISTRY_BOOTSTRAP_FILE: z
      .string()
      .optional()
      .describe('People and the group registrars, as YAML or JSON: read once, into an empty registry, and never again'),
    SALLYPORT_REGISTRY_SCIM_PROVIDERS: z
      .string()
      .optional()
      .transform((text, context): z.infer<typeof scimProviders> => {
        if (text === undefined) return [];
        const parsed = scimProviders.safeParse(jsonOf(text));
        if (parsed.success) return parsed.data;
        const [issue] = parsed.error.issues;
        context.addIssue({ code: 'custom', message: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}` });
        return z.NEVER;
      })
      .describe(
        'Identity providers that push people and groups: a JSON list of {name, issuer, token_file, subject?, people?, groups?}, see docs/scim.md',
      ),
  }),
);

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export type Settings = SettingsOf<typeof settings>;
