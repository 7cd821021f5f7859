import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';

const serviceNames = ['registry', 'intake', 'policy', 'approvals', 'credentials', 'notifier', 'audit'] as const;
export type DoorName = (typeof serviceNames)[number];

const url = z.url({ protocol: /^https?$/u }).transform((text) => text.replace(/\/+$/u, ''));

const provider = z.object({
  issuer: z.url(),
  client_id: z.string(),
  /** By service: what this provider knows it as, where that is not its address. */
  audiences: z.partialRecord(z.enum(serviceNames), z.string().min(1)).optional(),
});
/** Where people sign in. */
export type SignInProvider = z.infer<typeof provider>;

const cliFile = provider.extend({
  /** Where other people of this gate sign in: `login --issuer`. */
  other_issuers: z.array(provider).default([]),
  services: z.object(Object.fromEntries(serviceNames.map((name) => [name, url])) as Record<DoorName, typeof url>),
  kafka_brokers: z.string().optional(),
  /** The audit log's verifier key, as the supervisor wrote it down at the first start. */
  audit_key: z.string().optional(),
  /** The public keys of the gate (`trust.json`), from the hands of whoever runs it; a relative path is from this file's folder. */
  trust_file: z.string().min(1).optional(),
});
export type CliSettings = z.infer<typeof cliFile>;

export class SettingsMissing extends Error {}

/**
 * Where the gate is: `SALLYPORT_CLI_CONFIG`, or `.data/cli.json` (written by `npm start`) in this folder or one above it. Single addresses can be
 * overridden by `SALLYPORT_<SERVICE>_URL`.
 */
export function cliSettings(env: NodeJS.ProcessEnv, folder: string): CliSettings {
  const path = env['SALLYPORT_CLI_CONFIG'] ?? findUp(folder);
  if (path === undefined) {
    throw new SettingsMissing(
      'no gate is configured: run `npm start` in this project, or set SALLYPORT_CLI_CONFIG to a file like .data/cli.json',
    );
  }
  const parsed = cliFile.safeParse(overridden(readJson(path), env));
  if (!parsed.success) throw new SettingsMissing(`${path} is not usable: ${z.prettifyError(parsed.error)}`);
  const trust = env['SALLYPORT_TRUST_FILE'] ?? parsed.data.trust_file;
  return { ...parsed.data, ...(trust !== undefined && { trust_file: resolve(dirname(path), trust) }) };
}

/** Addresses of the environment are checked like those of the file. */
function overridden(file: unknown, env: NodeJS.ProcessEnv): unknown {
  const read = z.looseObject({ services: z.record(z.string(), z.unknown()) }).safeParse(file);
  if (!read.success) return file;
  const named = serviceNames.flatMap((name): [string, string][] => {
    const address = env[`SALLYPORT_${name.toUpperCase()}_URL`];
    return address === undefined ? [] : [[name, address]];
  });
  return { ...read.data, services: { ...read.data.services, ...Object.fromEntries(named) } };
}

function findUp(folder: string): string | undefined {
  const path = join(folder, '.data', 'cli.json');
  if (existsSync(path)) return path;
  return dirname(folder) === folder ? undefined : findUp(dirname(folder));
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    throw new SettingsMissing(`${path} cannot be read as JSON: correct it, or run \`npm start\` again`);
  }
}
