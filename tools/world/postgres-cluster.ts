import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDir } from './place.js';
import { postgresBinaries } from './postgres-binaries.js';
import type { Unprivileged } from './unprivileged.js';

const run = promisify(execFile);

/** The superuser of an embedded server. Services never connect as this one. */
export const superuser = 'sallyport_admin';

/** Throw-away clusters all have this password; they listen on loopback only and hold test data only. */
export const throwAwayPassword = 'throw-away';

export interface Cluster {
  dir: string;
  password: string;
  durable: boolean;
}

/** Makes the cluster unless the folder holds one. A throw-away one is a copy of a template: 50 ms instead of 700. */
export async function ensureCluster(cluster: Cluster, runAs: Unprivileged): Promise<void> {
  if (existsSync(join(cluster.dir, 'PG_VERSION'))) return;
  if (cluster.durable) {
    await initdb(cluster.dir, cluster.password, runAs);
    return;
  }
  const template = join(cacheDir, 'postgres', runAs.user === undefined ? 'template' : 'template-user');
  if (!existsSync(template)) await makeTemplate(template, runAs);
  cpSync(template, cluster.dir, { recursive: true });
  chmodSync(cluster.dir, 0o700);
  giveTo(cluster.dir, runAs.user);
}

async function makeTemplate(template: string, runAs: Unprivileged): Promise<void> {
  mkdirSync(dirname(template), { recursive: true });
  // A folder of its own for each: two clusters of one process, or two processes, may make it at once.
  const scratch = mkdtempSync(`${template}.`);
  await initdb(scratch, throwAwayPassword, runAs);
  try {
    renameSync(scratch, template);
  } catch (error) {
    // Whoever comes second throws his own away.
    rmSync(scratch, { recursive: true });
    if (!existsSync(template)) throw error;
  }
}

async function initdb(dir: string, password: string, runAs: Unprivileged): Promise<void> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const passwordFile = `${dir}.password`;
  writeFileSync(passwordFile, password, { mode: 0o600 });
  giveTo(dir, runAs.user);
  if (runAs.user !== undefined) chownSync(passwordFile, runAs.user.uid, runAs.user.gid);
  const locale = ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
  const auth = ['--auth=scram-sha-256', `--username=${superuser}`, `--pwfile=${passwordFile}`];
  const [program, ...args] = [...runAs.prefix, postgresBinaries().initdb, '-D', dir, '--no-sync', ...auth, ...locale];
  try {
    await run(program ?? '', args, { ...runAs.user });
  } finally {
    rmSync(passwordFile);
  }
}

function giveTo(dir: string, user: Unprivileged['user']): void {
  if (user === undefined) return;
  const inside = readdirSync(dir, { recursive: true }).map((name) => join(dir, String(name)));
  for (const path of [dir, ...inside]) chownSync(path, user.uid, user.gid);
}
