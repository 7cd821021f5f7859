import type { z } from 'zod';
import { markOf } from './marks.js';
import { ownerPrefix } from './service-names.js';

export interface SettingsDefinition<T = unknown> {
  readonly schema: z.ZodObject & z.ZodType<T>;
  /** `SALLYPORT_<OWNER>_` of the program that reads these settings; undefined for one that owns no names. */
  readonly prefix: string | undefined;
}

/** The typed object that a service's code receives: `SettingsOf<typeof settings>`. */
export type SettingsOf<D extends SettingsDefinition> = D extends SettingsDefinition<infer T> ? T : never;

const nameShape = /^SALLYPORT_[A-Z][A-Z0-9_]*$/u;

/** The one list of what a program reads from its environment. Each setting has a `SALLYPORT_` name and a `.describe()`; a mistake here is a bug and throws. */
export function defineSettings<S extends z.ZodRawShape>(
  schema: z.ZodObject<S>,
): SettingsDefinition<z.output<z.ZodObject<S>>> {
  let prefix: string | undefined;
  for (const [name, field] of Object.entries(schema.shape) as [string, z.ZodType][]) {
    if (!nameShape.test(name)) throw new Error(`setting ${name} is not named SALLYPORT_…`);
    if (field.description === undefined) throw new Error(`setting ${name} has no .describe()`);
    const { owner } = markOf(field);
    if (owner !== undefined) prefix = ownerPrefix(owner);
  }
  return { schema, prefix };
}
