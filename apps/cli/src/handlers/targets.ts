import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { stringify } from 'yaml';
import type { ProfileWish } from '../core/target-wish.js';
import type { Output } from '../io/output.js';
import { SettingsMissing } from '../io/settings.js';
import { withTarget } from '../io/target-session.js';
import { checkTarget } from './check-target.js';
import { lineOf } from './doctor.js';
import { installTarget } from './install-target.js';

/** A file or a variable of the environment, never an argument: arguments are seen by everybody on the machine. */
export const adminVariable = 'SALLYPORT_TARGET_ADMIN_URL';

export interface AdminReference {
  adminFile?: string;
}

export interface InstallOptions extends AdminReference {
  login: string;
  secretFile: string;
  profile: ProfileWish[];
  readOnly: ProfileWish[];
  harden: boolean;
}

/** Installs, then says what to register. The connection of the gate's login is written to a file and shown nowhere. */
export async function installPostgres(output: Output, options: InstallOptions): Promise<void> {
  const adminUrl = adminUrlOf(options);
  const { url, isNew } = gateConnection(adminUrl, options);
  const wish = {
    login: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    profiles: [...options.profile, ...options.readOnly],
    harden: options.harden,
  };
  const steps = await withTarget(adminUrl, (target) => installTarget(target, wish));
  for (const step of steps) output.result(step, `${step.did.padEnd(5)} ${step.what}`);
  const kept = { what: `connection of ${wish.login} in ${options.secretFile}`, did: isNew ? 'made' : 'kept' };
  output.result(kept, `${kept.did.padEnd(5)} ${kept.what}`);
  const findings = await withTarget(adminUrl, checkTarget);
  for (const finding of findings.filter(({ ok }) => !ok)) output.always(lineOf(finding));
  output.note(`\n${next(url, options, wish.profiles)}`);
}

/** True when nothing is wrong. */
export async function checkPostgres(output: Output, options: AdminReference): Promise<boolean> {
  const findings = await withTarget(adminUrlOf(options), checkTarget);
  for (const finding of findings) output.result(finding, lineOf(finding));
  return findings.every(({ ok }) => ok);
}

function adminUrlOf({ adminFile }: AdminReference): string {
  const text = adminFile === undefined ? process.env[adminVariable] : contentOf(adminFile);
  if (text === undefined || text.trim() === '')
    throw new SettingsMissing(`name the file with a superuser's connection by --admin-file, or set ${adminVariable}`);
  if (URL.parse(text.trim())?.protocol.startsWith('postgres') !== true)
    throw new SettingsMissing('the connection of the administrator is not a postgres:// URL');
  return text.trim();
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new SettingsMissing(`${path} cannot be read`);
  }
}

/** Written before the login is made: a run that is stopped in between finds its password again. */
function gateConnection(adminUrl: string, { login, secretFile }: InstallOptions): { url: URL; isNew: boolean } {
  if (existsSync(secretFile)) {
    const url = URL.parse(contentOf(secretFile).trim());
    if (url === null || url.password === '' || decodeURIComponent(url.username) !== login)
      throw new SettingsMissing(`${secretFile} holds something else than the connection of ${login}`);
    return { url, isNew: false };
  }
  const url = new URL(adminUrl);
  url.username = login;
  url.password = randomBytes(32).toString('base64url');
  writeFileSync(secretFile, `${url.href}\n`, { mode: 0o600, flag: 'wx' });
  return { url, isNew: true };
}

function next(url: URL, { secretFile }: InstallOptions, profiles: readonly ProfileWish[]): string {
  const target = {
    kind: 'targets',
    id: url.pathname.slice(1),
    spec: {
      kind: 'postgres',
      connection_secret: basename(secretFile),
      host: url.hostname,
      port: Number(url.port || 5_432),
      database: url.pathname.slice(1),
    },
  };
  return [
    `Next: put ${secretFile} into the secrets folder of credentials (SALLYPORT_CREDENTIALS_SECRETS_DIR), and register`,
    'the target, with profiles whose target_profile is one of those above:',
    '',
    stringify(target).trimEnd(),
    ...profiles.map(({ name }) => `# profiles: { issuer: postgres-role, target: ${target.id}, target_profile: ${name}, … }`),
  ].join('\n');
} // prettier-ignore
