import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import type { BrokeredResult, Credential, LeaseBundle } from '#contracts';
import { databasesOf, dumpOf } from './dump.js';
import { SecretScan, type Leak } from './secret-scan.js';

/**
 * Every secret that this spec file has made, or been given. What each of its worlds leaves behind is searched for all of them before it is
 * removed; one that is found fails the spec. Whoever makes a secret in a test notes it here.
 */
export const canaries = new SecretScan();

/** The scratch folders of this spec file that are still there: the keys of one world may have come into the files of another. */
const folders = new Set<string>();

/** Whether worlds are searched: where real parts run, and nowhere else. */
const isOn = process.env['TEST_RUN'] !== undefined;

export function openFolder(dir: string): void {
  folders.add(dir);
}

/** Throws where a secret is in a file of this folder that is no home of secrets. The folder counts as gone afterwards. */
export function closeFolder(dir: string): void {
  if (!folders.delete(dir) || !isOn || !existsSync(dir)) return;
  for (const each of [dir, ...folders]) noteFiles(each);
  refuse(canaries.inFolder(dir, (file) => isHome(relative(dir, file))));
}

/** Throws where a secret is in a row of a server's databases. A server that is down has been asked before. */
export async function closeDatabases(url: string): Promise<void> {
  if (!isOn || canaries.known.size === 0) return;
  const urls = await databasesOf(url).catch(() => []);
  for (const each of urls) {
    for (const { table, bytes } of await dumpOf(each)) refuse(canaries.inBytes(bytes, table));
  }
}

/** Throws where a secret is in an argument or the environment of a process of this run. */
export function closeProcesses(): void {
  const run = process.env['TEST_RUN'];
  if (run === undefined) return;
  for (const dir of folders) noteFiles(dir);
  refuse(canaries.inProcesses(`sallyport-${run}-`));
}

/** The private halves of keys, in any text. */
export function notePrivateParts(name: string, text: string): void {
  canaries.add(name, ...[...text.matchAll(/"d"\s*:\s*"([A-Za-z0-9_-]{43})"/gu)].map(([, d]) => d ?? ''));
}

/** What an agent was given: of a token, what makes it valid. */
export function noteCredential(credential: Credential): void {
  if (credential.kind === 'postgres') canaries.add('passwords of roles', credential.password);
  else canaries.add('action tokens', credential.token.split('.')[2] ?? '');
}

/** What came of a lease. */
export function noteDelivered(bundle: LeaseBundle): Credential | BrokeredResult {
  if ('result' in bundle) return bundle.result;
  noteCredential(bundle.credential);
  return bundle.credential;
}

/** Where a secret belongs: files that one service alone reads. The path is relative to the folder of a world. */
export function isHome(path: string): boolean {
  const parts = path.split(sep);
  // What a demo tells whoever takes part in it, its observer's login among it, and what a command line keeps of a sign-in.
  return (
    parts.some((part) => ['secrets', 'keys', 'homes'].includes(part)) ||
    parts.at(-1) === 'demo.json' ||
    isSecretFile(path)
  );
}

function isSecretFile(path: string): boolean {
  return /\.(?:keys\.json|keys\.json\.next|password|database-url)$/u.test(path);
}

function noteFiles(dir: string): void {
  if (!existsSync(dir)) return;
  for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter(isSecretFile)) {
    const text = readFileSync(join(dir, name), 'utf8');
    if (name.endsWith('.password')) canaries.add('passwords of services', text.trim());
    notePrivateParts(`private keys in ${basename(name)}`, text);
    const symmetric = [...text.matchAll(/"([A-Za-z0-9_-]{43})"/gu)].map(([, value]) => value ?? '');
    const shown = new Set([...text.matchAll(/"(?:kid|x|y)"\s*:\s*"([\w-]+)"/gu)].map(([, value]) => value));
    canaries.add(`secrets in ${basename(name)}`, ...symmetric.filter((value) => !shown.has(value) && isRandom(value)));
  }
}

/** Some specs take a secret of one letter, whose bytes are zeros: everything is full of it. */
const isRandom = (value: string): boolean => new Set(value).size > 8;

function refuse(leaks: readonly Leak[]): void {
  if (leaks.length === 0) return;
  throw new Error(`secrets were found:\n${leaks.map(({ secret, where }) => `${secret} in ${where}`).join('\n')}`);
}
