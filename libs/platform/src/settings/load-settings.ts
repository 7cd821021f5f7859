import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { z } from 'zod';
import type { SettingsDefinition } from './define-settings.js';
import { markOf, type Environment, type Mark } from './marks.js';
import { ownerPrefix, settingOwners } from './service-names.js';

/** Everything that is wrong with the environment, at once. No line quotes a value: it could be a secret in the wrong place. */
export class SettingsError extends Error {
  constructor(readonly lines: string[]) {
    super(`settings are not usable:\n${lines.map((line) => `  ${line}`).join('\n')}`);
    this.name = 'SettingsError';
  }
}

/**
 * Reads the environment once. A name with the value '' counts as not set. Throws `SettingsError` with every problem: missing, malformed, unknown
 * `SALLYPORT_` names, a demo secret or a demo-only switch outside demo mode, an unreadable `*_FILE`.
 */
export function loadSettings<T>(definition: SettingsDefinition<T>, env: Environment = process.env): T {
  const fields = Object.entries(definition.schema.shape) as [string, z.ZodType][];
  const reader = new Reader(env);
  const raw: Record<string, string> = {};
  for (const [name, field] of fields) {
    const text = reader.read(name, markOf(field));
    if (text !== undefined) raw[name] = text;
  }
  const errors = [...unknownNames(definition, fields, env), ...reader.errors, ...exposedDemo(reader.demo, raw)];
  const parsed = definition.schema.safeParse(raw);
  if (parsed.success && errors.length === 0) return parsed.data;
  throw new SettingsError([...errors, ...(parsed.error?.issues ?? []).map((issue) => lineOf(issue, raw))]);
}

class Reader {
  readonly errors: string[] = [];
  readonly demo: boolean;

  constructor(private readonly env: Environment) {
    this.demo = env['SALLYPORT_MODE'] === 'demo';
  }

  read(name: string, mark: Mark): string | undefined {
    const given = mark.secret ? this.readSecret(name) : this.text(name);
    const demoValue = typeof mark.demo === 'function' ? mark.demo(this.env) : mark.demo;
    if (given === undefined) return this.demo ? demoValue : undefined;
    if (!this.demo && mark.demoOnly) this.errors.push(`${name} is accepted in demo mode only`);
    if (!this.demo && mark.secret && given === demoValue) {
      this.errors.push(`${name} holds the demo secret, which everybody knows: set your own`);
    }
    return given;
  }

  private readSecret(name: string): string | undefined {
    const direct = this.text(name);
    const path = this.text(`${name}_FILE`);
    if (path === undefined) return direct;
    if (direct !== undefined) this.errors.push(`${name} and ${name}_FILE are both set: keep one`);
    try {
      return readFileSync(path, 'utf8').replace(/\r?\n$/u, '');
    } catch (error) {
      this.errors.push(`${name}_FILE names a file that cannot be read (${codeOf(error)})`);
      return direct;
    }
  }

  private text(name: string): string | undefined {
    const value = this.env[name];
    return value === '' ? undefined : value;
  }
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' ? code : 'unknown reason';
}

/** A misspelt name would otherwise be silently without effect. Names that another program owns are left for that program to judge. */
function unknownNames({ prefix }: SettingsDefinition, fields: [string, z.ZodType][], env: Environment): string[] {
  const known = new Set(fields.flatMap(([name, field]) => (markOf(field).secret ? [name, `${name}_FILE`] : [name])));
  const foreign = settingOwners.map(ownerPrefix).filter((other) => other !== prefix);
  return Object.keys(env)
    .filter((name) => name.startsWith('SALLYPORT_') && !known.has(name))
    .filter((name) => !foreign.some((other) => name.startsWith(other)))
    .map((name) => `${name} is not a setting that anything here knows`);
}

/** Demo secrets are public, so a demo must not be reachable from outside the machine. */
function exposedDemo(demo: boolean, raw: Record<string, string>): string[] {
  const host = raw['SALLYPORT_HTTP_HOST'];
  if (!demo || host === undefined || isLoopback(host)) return [];
  return ['SALLYPORT_HTTP_HOST must be a loopback address in demo mode, whose secrets everybody knows'];
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function lineOf(issue: z.core.$ZodIssue, raw: Record<string, string>): string {
  const name = String(issue.path[0] ?? 'settings');
  return name in raw ? `${name} is malformed: ${issue.message}` : `${name} is required`;
}
