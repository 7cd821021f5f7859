import type { z } from 'zod';
import type { SettingsDefinition } from './define-settings.js';
import { markOf } from './marks.js';

export interface SettingRow {
  name: string;
  meaning: string;
  /** As it would be written in the environment; undefined when there is none or when it is a secret. */
  defaultValue: string | undefined;
  /** The default in demo mode only, under the same rule. */
  demoValue: string | undefined;
  required: boolean;
  secret: boolean;
  demoOnly: boolean;
}

/** The rows of the table in the docs, in the order of the schema: what a program reads from its environment. */
export function settingsTable({ schema }: SettingsDefinition): SettingRow[] {
  return (Object.entries(schema.shape) as [string, z.ZodType][]).map(([name, field]) => rowOf(name, field));
}

function rowOf(name: string, field: z.ZodType): SettingRow {
  const mark = markOf(field);
  const isSecret = mark.secret ?? false;
  const whenAbsent = field.safeParse(undefined);
  const demo = typeof mark.demo === 'function' ? mark.demo({}) : mark.demo;
  return {
    name,
    meaning: field.description ?? '',
    defaultValue: whenAbsent.success && !isSecret ? textOf(whenAbsent.data) : undefined,
    demoValue: isSecret ? undefined : demo,
    required: !whenAbsent.success,
    secret: isSecret,
    demoOnly: mark.demoOnly ?? false,
  };
}

function textOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
