import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { serviceNames } from '#platform';

const url = z.url();

/** What somebody outside needs to take part in a running demo: addresses, and where the demo's own secrets lie. */
export const stage = z.strictObject({
  gate: z.string(),
  /** Folder of the world that this belongs to. */
  dir: z.string(),
  issuer: url,
  client_id: z.string(),
  services: z.record(z.enum(serviceNames), url),
  trust_file: z.string(),
  kafka_brokers: z.string(),
  /** All people of the demo sign in with it. */
  password: z.string(),
  /** One file per agent, with its private keys. */
  agents_dir: z.string(),
  /** Thresholds and modes of the rules, as the security team edits them. */
  policy_config_file: z.string(),
  mailbox_url: url,
  webhook_url: url,
  tools: z.strictObject({ payment: url, sharing: url, quarantine: url }),
  /** A login at the target that looks and changes nothing. */
  observer_url: url,
});
export type Stage = z.infer<typeof stage>;

const fileOf = (dir: string): string => join(dir, 'demo.json');

/** Undefined when no demo was ever started in this folder. */
export function readStage(dir: string): Stage | undefined {
  try {
    return stage.parse(JSON.parse(readFileSync(fileOf(dir), 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Where the people of this folder's registry sign in, also when another version wrote it. Undefined in a new folder. */
export function issuerOf(dir: string): string | undefined {
  const file = fileOf(dir);
  if (!existsSync(file)) return undefined;
  return z.object({ issuer: url }).parse(JSON.parse(readFileSync(file, 'utf8'))).issuer;
}

export function writeStage(value: Stage): void {
  writeWhole(fileOf(value.dir), JSON.stringify(value, null, 2));
}

/** A reader sees the old content or the new one. */
export function writeWhole(file: string, content: string): void {
  const aside = `${file}.${String(process.pid)}`;
  writeFileSync(aside, content, { mode: 0o600 });
  renameSync(aside, file);
}
