import type { ServiceName, SettingsDefinition } from '#platform';
import { z } from 'zod';

const config = z.object({
  settings: z.custom<SettingsDefinition>((value) => typeof value === 'object' && value !== null && 'schema' in value),
});

/** What a service reads from its environment. Loaded by name, so that no service is forgotten in a list. */
export async function settingsOf(service: ServiceName): Promise<SettingsDefinition> {
  const module: unknown = await import(`../../apps/${service}/src/config.js`);
  return config.parse(module).settings;
}

/** Those of these settings that the service knows: it refuses names that it does not know. */
export function known(definition: SettingsDefinition, env: Record<string, string | undefined>): typeof env {
  const names = new Set(Object.keys(definition.schema.shape));
  return Object.fromEntries(Object.entries(env).filter(([name]) => names.has(name)));
}
